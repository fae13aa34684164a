import CHeap

/// The C library's heap, told to hold no more than it needs: on a small server what an hour's backlog once took belongs
/// to others afterwards.
enum Heap {
    /// To be called before there are threads. Two arenas instead of eight a core: what one thread frees another can use,
    /// and burst and compaction still don't wait for each other.
    static func limit() { _ = mallopt(M_ARENA_MAX, 2) }

    /// Gives back what is free, every minute, until cancelled. Takes some milliseconds.
    static func giveBack() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(60))
            _ = malloc_trim(0)
        }
    }
}
