package import TensorIO

/// What can be wrong with a checkpoint; one clear line each.
package enum ModelError: Error, CustomStringConvertible {
  case missingWeight(name: String, source: String)
  case wrongShape(name: String, expected: [Int], found: [Int], source: String)
  case unsupportedScalarType(name: String, found: String, source: String)
  case unreadable(path: String, reason: String)
  case unknownModel(String)
  /// The file itself could not be read.
  case file(TensorIOError)

  package var description: String {
    switch self {
    case .missingWeight(let name, let source):
      "\(source): weight '\(name)' is missing; is this a complete Whisper checkpoint?"
    case .wrongShape(let name, let expected, let found, let source):
      "\(source): weight '\(name)' has shape \(found), but the dimensions ask for \(expected)"
    case .unsupportedScalarType(let name, let found, let source):
      "\(source): weight '\(name)' has element type \(found); f32, f16, bf16 or f64 is needed"
    case .unreadable(let path, let reason): "\(path): \(reason)"
    case .unknownModel(let text): "\(text)"
    case .file(let error): error.description
    }
  }
}
