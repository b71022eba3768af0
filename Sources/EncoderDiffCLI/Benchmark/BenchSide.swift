import BLASBackend
import EncoderModel
import GraphBackend
import ReferenceBackend
import Report
import TensorCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Somebody who encodes the same mel over and over, timed.
protocol BenchSide: AnyObject {
  var name: String { get }
  /// What it runs on.
  var note: String? { get }
  var isDouble: Bool { get }
  /// Encodes once.
  func encode() throws -> EncodeTime
  /// What its encodes lead to, `[frames, channels]`.
  func output() throws -> Tensor
}

/// What one encode took.
struct EncodeTime {
  var seconds: Double
  /// Of all threads together; `nil` where it was not measured.
  var processorSeconds: Double?
}

/// One of our own encoders, in this process.
final class LiveSide: BenchSide {
  private let backend: any EncoderBackend
  private let mel: Tensor
  /// What OpenBLAS's calls took in `encodeSeconds` of encodes, summed over threads.
  private let callClock = CallClock()
  private var encodeSeconds = 0.0

  init(_ backend: any EncoderBackend, mel: Tensor) {
    self.backend = (backend as? BLASBackend)?.timed(by: callClock) ?? backend
    self.mel = mel
  }

  var name: String { backend.name }
  var isDouble: Bool { backend.name.hasPrefix("reference") }
  var note: String? {
    switch backend {
    case let graph as GraphBackend: "\(graph.kernelName) kernels"
    case let blas as BLASBackend: "OpenBLAS \(blas.coreName)\(callShare(blas))"
    case let reference as ReferenceBackend: "\(reference.arithmeticName) loops"
    default: nil
    }
  }

  /// `, 87 % of the time in its calls`; nothing before the first encode.
  private func callShare(_ blas: BLASBackend) -> String {
    guard encodeSeconds > 0 else { return "" }
    let share = callClock.seconds / (encodeSeconds * Double(blas.numThreads))
    return ", \(Numbers.fixed(100 * share, decimals: 0)) % of the time in its calls"
  }

  func encode() throws -> EncodeTime {
    let before = processorSeconds()
    let clock = ContinuousClock()
    let start = clock.now
    _ = try backend.encode(mel: mel)
    let seconds = (clock.now - start) / .seconds(1)
    encodeSeconds += seconds
    return EncodeTime(seconds: seconds, processorSeconds: processorSeconds() - before)
  }

  func output() throws -> Tensor { try backend.encode(mel: mel) }
}

/// Processor time of all threads of this process.
private func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The highest memory that this process has had; `nil` where the system does not tell.
func peakMemoryBytes() -> Int? {
  var usage = rusage()
  #if canImport(Glibc)
    guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
    return usage.ru_maxrss * 1024
  #else
    guard getrusage(RUSAGE_SELF, &usage) == 0 else { return nil }
    return usage.ru_maxrss
  #endif
}
