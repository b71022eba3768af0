/// Damaged mapping files end in one clear line.
import ForeignDumps
import Foundation
import Testing

private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .appendingPathComponent("../../Fixtures/malformed/mapping").standardizedFileURL.path

private let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()

@Suite struct MalformedMappingTests {
  @Test("mapping files", arguments: files)
  func mapping(file: String) {
    do {
      _ = try DumpMapping(contentsOf: "\(folder)/\(file)").text
      #expect(file.hasPrefix("good") || file.hasPrefix("found-"), "\(file) was accepted")
    } catch {
      #expect(!file.hasPrefix("good"), "\(error)")
      #expect(!"\(error)".contains("\n"))
    }
  }
}
