/// The scalar twin of attention: two passes over the scores of one query, none kept in memory.

import KernelTable

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

func attention(_ arguments: AttentionArguments) {
  let sums = arguments.scratch
  for row in arguments.rows {
    var maximum = -Float.infinity
    for key in 0..<arguments.frames { maximum = max(maximum, score(arguments, row, key)) }
    for channel in 0..<arguments.headDim { sums[channel] = 0 }
    var total = 0.0
    for key in 0..<arguments.frames {
      let distance = Double(score(arguments, row, key)) - Double(maximum)
      let power = Float(exp(arguments.scale * distance))
      total += Double(power)
      for channel in 0..<arguments.headDim {
        let panel = channel / panelWidth * arguments.frames
        let value = arguments.values[(panel + key) * panelWidth + channel % panelWidth]
        sums[channel] = sums[channel].addingProduct(power, value)
      }
    }
    let out = arguments.out.base + row * arguments.out.stride
    for channel in 0..<arguments.headDim { out[channel] = sums[channel] * Float(1 / total) }
  }
}

/// q·k of one query and one key, unscaled.
private func score(_ arguments: AttentionArguments, _ row: Int, _ key: Int) -> Float {
  let query = arguments.query + row * arguments.queryStride
  let keys = arguments.keys + key / panelWidth * panelWidth * arguments.headDim + key % panelWidth
  var total: Float = 0
  for channel in 0..<arguments.headDim {
    total = total.addingProduct(query[channel], keys[channel * panelWidth])
  }
  return total
}
