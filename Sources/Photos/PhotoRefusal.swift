public import Domain

/// Why a photo is not taken. The original is never at fault for being refused quietly: each case has a code that
/// the store, the log and the API carry, and a sentence that tells the sender what to do.
public enum PhotoRefusal: Error, Hashable, Sendable {
    case empty
    case tooManyBytes(Int)
    case notJPEG
    case heic, png, webp, gif
    /// The data end before the picture does.
    case truncated
    /// libjpeg's sentence, or ours.
    case corrupt(String)
    /// The frame is of a kind that cameras don't write: lossless, hierarchical, height unknown.
    case unsupportedProcess(String)
    /// Bits a sample.
    case precision(Int)
    /// 4 is CMYK.
    case components(Int)
    case tooManyPixels(width: Int, height: Int)
    case tooManyMarkers
    case tooManyScans
    /// Decoding would need more memory than one photo may have.
    case tooMuchMemory
    /// No readable stamp fits on it.
    case tooSmall(width: Int, height: Int)
    /// The stamp's text doesn't fit on this picture at a readable size.
    case captionTooLong
    /// The stamp's font failed while drawing.
    case drawing(String)

    /// Stable; part of the API.
    public var code: String {
        switch self {
        case .empty: "empty"
        case .tooManyBytes: "too_many_bytes"
        case .notJPEG: "not_jpeg"
        case .heic: "heic"
        case .png: "png"
        case .webp: "webp"
        case .gif: "gif"
        case .truncated: "truncated"
        case .corrupt: "corrupt"
        case .unsupportedProcess: "unsupported_process"
        case .precision: "precision"
        case .components: "components"
        case .tooManyPixels: "too_many_pixels"
        case .tooManyMarkers: "too_many_markers"
        case .tooManyScans: "too_many_scans"
        case .tooMuchMemory: "too_much_memory"
        case .tooSmall: "too_small"
        case .captionTooLong: "caption_too_long"
        case .drawing: "drawing"
        }
    }

    /// What happened and what to do about it.
    public func sentence(_ language: Language) -> String {
        language == .zh ? chinese : english
    }

    private var english: String {
        switch self {
        case .empty: "The photo is empty: send it again."
        case .tooManyBytes(let bytes):
            "The photo has \(bytes >> 20) MiB, at most \(Limits.photoBytes >> 20) are taken: send it smaller."
        case .notJPEG: "This is not a JPEG picture: take the photo with the camera and send the JPEG."
        case .heic:
            "HEIC photos can't be stamped: set the camera to JPEG (iPhone: Settings, Camera, Formats, Most Compatible)."
        case .png: "PNG pictures can't be stamped: send the camera's JPEG, not a screenshot."
        case .webp: "WebP pictures can't be stamped: send the camera's JPEG."
        case .gif: "GIF pictures can't be stamped: send the camera's JPEG."
        case .truncated: "The photo is cut off: the upload broke, send it again."
        case .corrupt(let why): "The photo is damaged (\(why)): send it again or take a new one."
        case .unsupportedProcess(let what): "This kind of JPEG (\(what)) can't be stamped: save it as an ordinary JPEG."
        case .precision(let bits): "The photo has \(bits) bits a sample: save it as an ordinary 8-bit JPEG."
        case .components(4): "The photo is CMYK, made for printing: save it as RGB."
        case .components(let count): "The photo has \(count) colour channels: save it as RGB or grey."
        case .tooManyPixels(let width, let height):
            "The photo has \(width) × \(height) pixels, more than can be handled: send it smaller."
        case .tooManyMarkers: "The photo carries too many metadata segments: save it again without them."
        case .tooManyScans: "The photo has too many progressive scans: save it as a baseline JPEG."
        case .tooMuchMemory: "Decoding the photo needs too much memory: send it smaller or as a baseline JPEG."
        case .tooSmall(let width, let height):
            "The photo has \(width) × \(height) pixels; a readable stamp needs \(Limits.stampShortSide) on the short "
                + "side: send the original, not a preview."
        case .captionTooLong: "The stamp's text doesn't fit on this picture: send the original, not a preview."
        case .drawing(let why): "The stamp can't be drawn (\(why)): the service's font needs looking at."
        }
    }

    private var chinese: String {
        switch self {
        case .empty: "照片为空，请重新发送。"
        case .tooManyBytes(let bytes): "照片为 \(bytes >> 20) MiB，上限 \(Limits.photoBytes >> 20) MiB，请缩小后发送。"
        case .notJPEG: "这不是 JPEG 图片，请用相机拍照后发送 JPEG。"
        case .heic: "HEIC 照片无法加水印，请把相机设为 JPEG（iPhone：设置 › 相机 › 格式 › 兼容性最佳）。"
        case .png: "PNG 图片无法加水印，请发送相机拍摄的 JPEG，不要发截图。"
        case .webp: "WebP 图片无法加水印，请发送相机拍摄的 JPEG。"
        case .gif: "GIF 图片无法加水印，请发送相机拍摄的 JPEG。"
        case .truncated: "照片不完整，上传中断，请重新发送。"
        case .corrupt(let why): "照片已损坏（\(why)），请重新发送或重拍。"
        case .unsupportedProcess(let what): "此类 JPEG（\(what)）无法加水印，请另存为普通 JPEG。"
        case .precision(let bits): "照片每样本 \(bits) 位，请另存为普通 8 位 JPEG。"
        case .components(4): "照片为印刷用 CMYK，请另存为 RGB。"
        case .components(let count): "照片有 \(count) 个颜色通道，请另存为 RGB 或灰度。"
        case .tooManyPixels(let width, let height): "照片为 \(width) × \(height) 像素，超出处理能力，请缩小后发送。"
        case .tooManyMarkers: "照片的元数据段过多，请去除后另存。"
        case .tooManyScans: "照片的渐进扫描过多，请另存为基线 JPEG。"
        case .tooMuchMemory: "解码此照片占用内存过多，请缩小或另存为基线 JPEG。"
        case .tooSmall(let width, let height):
            "照片为 \(width) × \(height) 像素，短边至少 \(Limits.stampShortSide) 像素才放得下清晰的水印，请发送原图。"
        case .captionTooLong: "水印文字在此照片上放不下，请发送原图。"
        case .drawing(let why): "无法绘制水印（\(why)），请检查服务的字体。"
        }
    }
}
