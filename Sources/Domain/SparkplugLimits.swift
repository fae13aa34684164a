extension Limits {
    // MARK: Sparkplug
    /// Metrics of one message, each member of a template and each cell of a data set counted.
    public static let sparkplugMetrics = 10_000
    /// Templates in templates.
    public static let sparkplugDepth = 8
    /// Columns of a data set. Its rows are limited by `sparkplugMetrics`.
    public static let sparkplugColumns = 256
    /// Properties of one metric.
    public static let sparkplugProperties = 256
    /// Bytes of a metric's name that we remember.
    public static let sparkplugName = 512
    /// Edge nodes that are remembered; the dead make room first.
    public static let sparkplugNodes = 10_000
    /// Devices of an edge node.
    public static let sparkplugDevices = 1_000
    /// Born metrics that are remembered, of all edge nodes together; about 150 bytes each.
    public static let sparkplugDefinitions = 200_000
}
