/// Element and block types of ggml files.

/// A type that whisper.cpp stores weights in: plain, or blocks of 32 values that share a scale.
///
/// - Note: Layouts of ggml-org/ggml `src/ggml-common.h`, `block_q4_0` … `block_q8_0`.
package enum GGMLType: UInt32, Sendable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8

  /// Values in a block.
  package var blockExtent: Int {
    switch self {
    case .f32, .f16: 1
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0: 32
    }
  }

  /// Bytes of a block.
  package var blockBytes: Int {
    switch self {
    case .f32: 4
    case .f16: 2
    case .q4_0: 2 + 16
    case .q4_1: 2 + 2 + 16
    case .q5_0: 2 + 4 + 16
    case .q5_1: 2 + 2 + 4 + 16
    case .q8_0: 2 + 32
    }
  }

  /// The type's name: `q5_0`.
  package var name: String { "\(self)" }
}
