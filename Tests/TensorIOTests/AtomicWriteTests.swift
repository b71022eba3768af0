import Foundation
import TensorCore
import TensorIO
import Testing

/// At every moment the old file, or none, or the whole new one is there.
@Suite struct AtomicWriteTests {
  @Test("an unfinished dump leaves nothing", arguments: DumpFormat.allCases)
  func unfinished(format: DumpFormat) throws {
    let folder = TemporaryFolder()
    do {
      let writer = try makeDumpWriter(folder.file("dump"), format: format)
      try writer.write(patterned([100], .float32), named: "x")
    }
    #expect(folder.entries.isEmpty)
  }

  @Test("an abandoned dump keeps the old file")
  func keepsOld() throws {
    let folder = TemporaryFolder()
    let path = try folder.write("old.npz", Array("old".utf8))
    do {
      let writer = try makeDumpWriter(path)
      try writer.write(patterned([100], .float32), named: "x")
    }
    #expect(try fileBytes(path) == Array("old".utf8))
    #expect(folder.entries == ["old.npz"])
  }

  @Test("a finished dump replaces the old one", arguments: DumpFormat.allCases)
  func replaces(format: DumpFormat) throws {
    let folder = TemporaryFolder()
    let path = folder.file("dump")
    for name in ["first", "second"] {
      let writer = try makeDumpWriter(path, format: format)
      try writer.write(patterned([10], .float32), named: name)
      try writer.finish()
    }
    #expect(try openTensorSource(path).names == ["second"])
    #expect(folder.entries == ["dump"])
  }

  @Test("a symbolic link stays one and its target is replaced")
  func symbolicLink() throws {
    let folder = TemporaryFolder()
    let target = try folder.write("target.npz", [1, 2, 3])
    let link = folder.file("link.npz")
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
    let writer = try makeDumpWriter(link)
    try writer.write(patterned([10], .float32), named: "x")
    try writer.finish()
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
    #expect(try openTensorSource(target).names == ["x"])
  }

  @Test("a folder with other files in it is never replaced")
  func foreignFolder() throws {
    let folder = TemporaryFolder()
    _ = try folder.write("thesis.txt", [1])
    let error = #expect(throws: TensorIOError.self) {
      try makeDumpWriter(folder.path, format: .npyFolder)
    }
    #expect(error?.cause == .wouldReplaceForeignFolder(entry: "thesis.txt"))
    #expect(folder.entries == ["thesis.txt"])
  }

  @Test("places that cannot take a file are named")
  func impossiblePlaces() throws {
    let folder = TemporaryFolder()
    #expect(throws: TensorIOError(folder.path, .isDirectory)) {
      try makeDumpWriter(folder.path, format: .safetensors)
    }
    #expect(throws: TensorIOError("/dev/full", .notARegularFile)) {
      try makeDumpWriter("/dev/full", format: .npz)
    }
    let missing = #expect(throws: TensorIOError.self) {
      try makeDumpWriter(folder.file("no/such/folder/x.npz"))
    }
    #expect(missing?.cause.name == "cannotWrite")
    let extension_ = #expect(throws: TensorIOError.self) {
      try makeDumpWriter(folder.file("x.txt"))
    }
    #expect(extension_?.cause.name == "unsupported")
  }
}
