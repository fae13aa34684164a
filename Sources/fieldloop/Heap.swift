import CHeap
import Store

/// The C library's heap, told to hold no more than it needs: on a small server what an hour's backlog once took belongs
/// to others afterwards.
enum Heap {
    /// To be called before there are threads. One arena: what one thread frees another uses. Large arrays come from the
    /// system and go back to it, however often: else glibc soon keeps them too. The heap's own end waits for `giveBack`: a
    /// page that went and came with each burst would cost more than the work on it.
    static func limit() {
        _ = mallopt(M_ARENA_MAX, 1)
        _ = mallopt(M_MMAP_THRESHOLD, 1 << 20)
        _ = mallopt(M_TRIM_THRESHOLD, 16 << 20)
    }

    /// Gives back what is free, every minute, until cancelled. Takes some milliseconds.
    static func giveBack(of store: Store) async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(59))
            store.releaseMemory()
            try? await Task.sleep(for: .seconds(1))
            _ = malloc_trim(0)
        }
    }
}
