import EncoderModel
import TensorIO

/// The manifests of a folder, its subfolders included, in the order of their names.
package struct CaseFolder: Sendable {
  package let path: String
  /// Of every case: its name and its manifest's path.
  package let manifests: [(name: String, path: String)]

  /// Lists the manifests below `path`.
  /// - Throws: `TensorIOError` where the folder cannot be read; `CaseError` where it holds none.
  package init(_ path: String) throws {
    self.path = path
    guard !isRegularFile(path) else {
      throw CaseError(
        path: path, line: nil,
        reason: "is a file; give the folder that holds the cases, and --only for one of them")
    }
    guard isFolder(path) else {
      throw CaseError(
        path: path, line: nil,
        reason: "no such folder; name the one that holds your cases: 'encoder-diff check FOLDER'")
    }
    let files = try Self.files(below: path, prefix: "", depth: 0)
    manifests = files.compactMap { file in
      let suffix = [".yaml", ".yml", ".toml"].first { file.hasSuffix($0) }
      return suffix.map { (String(file.dropLast($0.count)), "\(path)/\(file)") }
    }
    guard !manifests.isEmpty else {
      throw CaseError(
        path: path, line: nil,
        reason: "holds no case; a case is a .yaml or .toml file, see 'encoder-diff help check'")
    }
    // Names are what baselines and reports know a case by.
    var paths: [String: String] = [:]
    for (name, path) in manifests {
      guard let other = paths.updateValue(path, forKey: name) else { continue }
      throw CaseError(
        path: path, line: nil,
        reason: "has the name of \(other); rename one, as a case is known by its name")
    }
  }

  private static let maximumDepth = 16

  private static func files(
    below path: String, prefix: String, depth: Int
  ) throws(TensorIOError) -> [String] {
    var result: [String] = []
    for entry in try folderEntries(path) where !entry.hasPrefix(".") {
      if depth < maximumDepth, isFolder("\(path)/\(entry)") {
        result += try files(
          below: "\(path)/\(entry)", prefix: "\(prefix)\(entry)/", depth: depth + 1)
      } else {
        result.append(prefix + entry)
      }
    }
    return result
  }

  /// The cases whose names match `glob`, every N-th of them.
  package func selected(glob: String?, shard: Shard?) -> [(name: String, path: String)] {
    let named = manifests.filter { glob == nil || globMatches(glob ?? "*", $0.name) }
    return shard?.part(of: named) ?? named
  }

  /// Reads one manifest.
  /// - Throws: `CaseError`, `TensorIOError`.
  package static func read(name: String, path: String) throws -> CheckCase {
    let text = try fileText(path, limit: 1 << 20)
    return try CaseParser(path: path).parse(text, name: name)
  }
}

/// Part `index` of `count`, from 1: what one of several machines does.
package struct Shard: Sendable, Equatable {
  package let index: Int
  package let count: Int

  /// Parses `I/N`; `nil` where it is none.
  package init?(parsing text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let index = parts[0], let count = parts[1], index >= 1, index <= count
    else { return nil }
    self.index = index
    self.count = count
  }

  /// Elements index − 1, index − 1 + count, …
  package func part<T>(of all: [T]) -> [T] {
    stride(from: index - 1, to: all.count, by: count).map { all[$0] }
  }
}
