import TensorCore
import TensorIO

/// Which stored tensor is which weight: what a checkpoint holds before anything is read.
struct WeightCatalogue: Sendable {
  /// By OpenAI name.
  private(set) var origins: [String: WeightOrigin] = [:]
  /// Stored names that are no Whisper weight.
  private(set) var unknown: [String] = []
  /// How messages call the checkpoint.
  let path: String

  init(path: String) { self.path = path }

  /// All tensors of `source` whose names are understood.
  /// - Throws: `ambiguousWeight`, or what is wrong with a tensor's header.
  mutating func add(_ source: any TensorSource) throws(ModelError) {
    for stored in source.names {
      guard let name = canonicalWeightName(stored) else {
        unknown.append(stored)
        continue
      }
      do {
        try add(name, WeightOrigin(source, stored))
      } catch let error as TensorIOError {
        throw .file(error)
      } catch let error as ModelError {
        throw error
      } catch {
        throw .unreadable(path: path, reason: "\(error)")
      }
    }
  }

  /// One weight from a place of its own.
  mutating func add(_ name: String, _ origin: WeightOrigin) throws(ModelError) {
    if let other = origins.updateValue(origin, forKey: name) {
      throw .unreadable(
        path: path,
        reason: "tensors '\(other.storedName)' and '\(origin.storedName)' are both '\(name)'; "
          + "keep one of them")
    }
  }

  /// Weights of an ONNX graph whose names say nothing, by the graph's structure.
  mutating func addStructure(of file: ONNXFile, _ finder: ONNXWeightFinder) throws(ModelError) {
    var used = Set(origins.values.map(\.storedName))
    for finding in finder.findings()
    where origins[finding.name] == nil && !used.contains(finding.storedName) {
      do {
        try add(finding.name, WeightOrigin(file, finding.storedName, layout: finding.layout))
      } catch let error as TensorIOError {
        throw .file(error)
      } catch let error as ModelError {
        throw error
      } catch {
        throw .unreadable(path: path, reason: "\(error)")
      }
      used.insert(finding.storedName)
    }
    // Constants of the graph are no weights that anybody misses.
    unknown.removeAll { used.contains($0) || ((try? file.info($0).shape.count) ?? 0) < 2 }
  }

  /// Takes out what no weight of the model is called; it is listed, not used.
  mutating func setAside(_ name: String) {
    if let origin = origins.removeValue(forKey: name) { unknown.append(origin.storedName) }
  }

  func shape(_ name: String) -> [Int]? { origins[name]?.shape }

  /// Checks every expected weight and gives each its expected shape.
  /// - Throws: `missingWeight`, `wrongShape` or `unsupportedScalarType` of the first that is wrong.
  mutating func check(_ expected: [(name: String, shape: [Int])]) throws(ModelError) {
    for (name, shape) in expected {
      guard var origin = origins[name] else { throw .missingWeight(name: name, source: path) }
      // ggml stores convolution biases as [C, 1].
      guard origin.shape.filter({ $0 != 1 }) == shape.filter({ $0 != 1 }) else {
        throw .wrongShape(name: name, expected: shape, found: origin.shape, source: path)
      }
      guard origin.scalarType.isFloatingPoint else {
        throw .unsupportedScalarType(name: name, found: origin.storedType, source: path)
      }
      origin.shape = shape
      origins[name] = origin
    }
  }
}
