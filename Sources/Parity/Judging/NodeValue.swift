import EncoderModel
import ParityArithmetic
import TensorCore

/// What the judge knows of a value within a stage.
enum NodeValue: Sendable {
  /// The candidate's own.
  case known(Tensor)
  /// Replayed in Float64 from the candidate's nearest values, as it has no such tap.
  case replayed(Replay)
  /// An attention map that nobody holds; the context evaluates it block by block.
  case deferred

  var isKnown: Bool { if case .known = self { true } else { false } }
}

/// A value replayed in Float64, and replicas of it with the rounding of every operation on the way
/// drawn at random: their spread is what the candidate's rounding may have made of it.
struct Replay: Sendable {
  var value: Tensor
  var replicas: [Tensor]
  /// Operations replayed, in order.
  var segment: [String]
  /// The candidate's own values that the segment starts from.
  var roots: [String: Tensor]

  /// Replicas a replay carries; variances are pooled over rows and columns, so few are enough.
  static let numReplicas = 2
}

extension ErrorModel {
  /// `exact` with independent errors uniform in ±u√V added: rms 0.58·u√V, above any honest engine.
  func noisy(_ exact: Tensor, around value: Tensor, seed: UInt64, stream: UInt64) -> Tensor {
    let source = input
    let key = CounterHash.key(seed: seed, stream: stream)
    return Tensor.float64(exact.shape) { target in
      exact.withFloat64 { x in _ = target.update(fromContentsOf: x) }
      value.withFloat64 { y in
        withOptionalBytes(source?.converted(to: .float32)) { bytes in
          nonisolated(unsafe) let out = target
          nonisolated(unsafe) let exactValues = y
          nonisolated(unsafe) let inputs = bytes?.baseAddress
          for panel in panels {
            _ = mapChunks(panel.rows, chunk: 16) { rows in
              panel.withColumns { columns in
                for i in rows {
                  let row = ErrorRow(panel, i)
                  let start = panel.offset &+ i &* panel.rowStride
                  for j in 0..<panel.columns {
                    let index = start &+ j
                    let x = inputs.map { Elements($0, isFloat64: false)[index] } ?? 0
                    let v = row.variance(columns, j, exact: exactValues[index], input: x)
                    guard v.isFinite else { continue }
                    let draw = 2 * CounterHash.uniform(key: key, counter: UInt64(index)) - 1
                    out[index] += unit * v.squareRoot() * draw
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// Adds what replicas show of errors made before this operation: the mean square of their
  /// deviations, pooled to rows times columns within each panel, over 1/3 for uniform draws.
  mutating func addSpread(of replicas: [Tensor], around exact: Tensor) {
    guard !replicas.isEmpty else { return }
    deviations = Self.pooledDeviations
    rmsLimit = Self.pooledRMSLimit
    let scale = 3 / (Double(replicas.count) * unit * unit)
    exact.withFloat64 { y in
      for index in panels.indices where panels[index].separable.count < ErrorPanel.maxSeparable {
        var rows = [Double](repeating: 0, count: panels[index].rows)
        var columns = [Double](repeating: 0, count: panels[index].columns)
        for replica in replicas {
          replica.withFloat64 { x in
            for i in rows.indices {
              let start = panels[index].offset + i * panels[index].rowStride
              for j in columns.indices {
                let d = x[start + j] - y[start + j]
                guard d.isFinite else { continue }
                rows[i] += d * d
                columns[j] += d * d
              }
            }
          }
        }
        let total = rows.reduce(0, +)
        guard total > 0 else { continue }
        panels[index].separable.append(
          .init(row: rows.map { $0 * scale }, column: columns.map { $0 / total }))
      }
    }
  }
}
