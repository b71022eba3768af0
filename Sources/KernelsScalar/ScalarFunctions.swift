/// The scalar twin of everything row by row, through the C library in Float64.

import KernelTable

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// x·Φ(x), rounded once.
func exactGELU(_ x: Float) -> Float {
  if x == -.infinity { return -0.0 }
  let value = Double(x)
  return Float(0.5 * value * erfc(-value * 0.5.squareRoot()))
}

private func mapRows(_ arguments: RowsArguments, _ function: (Float) -> Float) {
  for row in arguments.rows {
    for column in 0..<arguments.columns {
      arguments.out.base[row * arguments.out.stride + column] =
        function(arguments.source[row * arguments.sourceStride + column])
    }
  }
}

func geluRows(_ arguments: RowsArguments) { mapRows(arguments) { exactGELU($0) } }

func exponentialRows(_ arguments: RowsArguments) {
  mapRows(arguments) { $0 < -87.336_54 ? 0 : Float(exp(Double($0))) }
}

func errorFunctionRows(_ arguments: RowsArguments) {
  mapRows(arguments) { Float(erf(Double($0))) }
}

func addRows(_ arguments: AddArguments) {
  for row in arguments.rows {
    for column in 0..<arguments.columns {
      arguments.out.base[row * arguments.out.stride + column] =
        arguments.first[row * arguments.firstStride + column]
        + arguments.second[row * arguments.secondStride + column]
    }
  }
}

func softmaxRows(_ arguments: RowsArguments) {
  for row in arguments.rows {
    let source = arguments.source + row * arguments.sourceStride
    let out = arguments.out.base + row * arguments.out.stride
    var maximum = -Float.infinity
    for column in 0..<arguments.columns where source[column] > maximum {
      maximum = source[column]
    }
    var total = 0.0
    for column in 0..<arguments.columns {
      let power = exp(Double(source[column]) - Double(maximum))
      total += power
      out[column] = Float(power)
    }
    let factor = Float(1 / total)
    for column in 0..<arguments.columns { out[column] *= factor }
  }
}

func layerNorm(_ arguments: LayerNormArguments) {
  let columns = arguments.columns
  for row in arguments.rows {
    let source = arguments.source + row * arguments.sourceStride
    let out = arguments.out.base + row * arguments.out.stride
    var mean = 0.0
    for column in 0..<columns { mean += Double(source[column]) }
    mean /= Double(columns)
    var variance = 0.0
    for column in 0..<columns {
      let difference = Double(source[column]) - mean
      variance += difference * difference
    }
    let scale = 1 / (variance / Double(columns) + arguments.epsilon).squareRoot()
    for column in 0..<columns {
      let normal = (Double(source[column]) - mean) * scale
      out[column] = Float(
        normal * Double(arguments.weight[column]) + Double(arguments.bias[column]))
    }
  }
}
