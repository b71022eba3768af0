/// How many processors there are for us, their caches, and a word to the one that only waits.

import CProcessor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// How many processors the affinity mask allows.
package func availableProcessorCount() -> Int {
  #if os(Linux)
    max(1, Int(encoder_diff_processor_count()))
  #else
    max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  #endif
}

/// A hint to the core that a loop only waits.
@inline(__always)
package func spinHint() { encoder_diff_pause() }

/// Bytes of a core's second-level cache; 1 MiB where the system does not say.
package let secondLevelCacheByteCount: Int = {
  #if os(Linux)
    let known = sysconf(Int32(_SC_LEVEL2_CACHE_SIZE))
    return known > 0 ? known : 1 << 20
  #else
    return 1 << 20
  #endif
}()
