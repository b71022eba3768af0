import Foundation
import Kernels
import Testing

@Suite("Processors")
struct ProcessorTests {
  #if os(Linux)
    @Test("as many as the kernel's own list of allowed processors")
    func count() throws {
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let line = try #require(
        status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") })
      let list = line.dropFirst("Cpus_allowed_list:".count).trimmingCharacters(in: .whitespaces)
      let counts = list.split(separator: ",").map { range -> Int in
        let ends = range.split(separator: "-").compactMap { Int($0) }
        return (ends.last ?? 0) - (ends.first ?? 0) + 1
      }
      #expect(availableProcessorCount() == counts.reduce(0, +))
    }
  #endif

  @Test("the peak is a rate, and a core's is no less than its share")
  func peak() {
    let sample = PeakMeter(threads: 2).measure()
    #expect(sample.gflops > 0)
    #expect(sample.gflops <= 2 * sample.gflopsPerCore * 1.05)
  }
}
