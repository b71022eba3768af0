import COpenBLAS
import Processor

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// OpenBLAS as it is used here: its sgemm on the thread that calls it.
///
/// It is loaded on first use, with the core that fits the processor in its environment: it chooses
/// kernels once, by the processor's model number, and a model that it does not know gets SSE3
/// kernels, 3 to 10 times slower than what the processor could do. Its own threads are left out:
/// who calls it divides the work, so that heads and row blocks run side by side, softmax included.
struct OpenBLASLibrary: Sendable {
  let sgemm: encoder_diff_sgemm
  /// The core whose kernels run, as OpenBLAS calls it: `SkylakeX`, `Haswell`, `Prescott`, …
  let coreName: String
  /// Told how long each call takes, where somebody asks.
  var clock: CallClock?

  /// The library of this process; `nil` where it is not installed.
  static let shared: OpenBLASLibrary? = load()

  private static func load() -> OpenBLASLibrary? {
    let core = OpenBLASCore.wanted(
      vectors: .ofThisProcessor, environment: value(of: OpenBLASCore.variable))
    let library = withEnvironment([(OpenBLASCore.variable, core), (threads, "1")]) {
      encoder_diff_load_openblas()
    }
    guard let library, let sgemm = encoder_diff_find_sgemm(library) else { return nil }
    encoder_diff_find_set_threads(library)?(1)
    let name = encoder_diff_find_core_name(library)?()
    return OpenBLASLibrary(
      sgemm: sgemm, coreName: name.map { String(cString: $0) } ?? "of unknown core")
  }

  private static let threads = "OPENBLAS_NUM_THREADS"

  /// Calls `body` while the variables have these values; `nil` leaves one as it is.
  private static func withEnvironment<R>(
    _ changes: [(name: String, value: String?)], _ body: () -> R
  ) -> R {
    let before = changes.map { value(of: $0.name) }
    for change in changes {
      if let value = change.value { setenv(change.name, value, 1) }
    }
    defer {
      for (change, old) in zip(changes, before) where change.value != nil {
        if let old { setenv(change.name, old, 1) } else { unsetenv(change.name) }
      }
    }
    return body()
  }

  private static func value(of name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
