/// Functions of rows one by one: GELU, exp, erf, sums and softmax.

import KernelTable

func geluRows(_ arguments: RowsArguments) {
  for row in arguments.rows {
    let source = arguments.source + row * arguments.sourceStride
    let out = arguments.out.base + row * arguments.out.stride
    var k = 0
    while k < arguments.columns {
      let count = arguments.columns - k
      storePartial(exactGELU(loadPartial(source + k, count)), out + k, count)
      k += lanes
    }
  }
}

func exponentialRows(_ arguments: RowsArguments) {
  for row in arguments.rows {
    let source = arguments.source + row * arguments.sourceStride
    let out = arguments.out.base + row * arguments.out.stride
    var k = 0
    while k < arguments.columns {
      let count = arguments.columns - k
      storePartial(exponential(loadPartial(source + k, count)), out + k, count)
      k += lanes
    }
  }
}

func errorFunctionRows(_ arguments: RowsArguments) {
  for row in arguments.rows {
    let source = arguments.source + row * arguments.sourceStride
    let out = arguments.out.base + row * arguments.out.stride
    var k = 0
    while k < arguments.columns {
      let count = arguments.columns - k
      storePartial(errorFunction(loadPartial(source + k, count)), out + k, count)
      k += lanes
    }
  }
}

func addRows(_ arguments: AddArguments) {
  for row in arguments.rows {
    let first = arguments.first + row * arguments.firstStride
    let second = arguments.second + row * arguments.secondStride
    let out = arguments.out.base + row * arguments.out.stride
    var k = 0
    while k < arguments.columns {
      let count = arguments.columns - k
      storePartial(loadPartial(first + k, count) + loadPartial(second + k, count), out + k, count)
      k += lanes
    }
  }
}

/// exp(x − max)/Σ of each row; the sum of the lanes' sums is Float64. A row with a NaN is all NaN.
func softmaxRows(_ arguments: RowsArguments) {
  for row in arguments.rows {
    let source = arguments.source + row * arguments.sourceStride
    let out = arguments.out.base + row * arguments.out.stride
    let columns = arguments.columns
    var best = Vector(repeating: -.infinity)
    var k = 0
    while k < columns {
      best = larger(best, loadPartial(source + k, columns - k, fill: -.infinity))
      k += lanes
    }
    let maximum = Vector(repeating: largest(best))
    var total = Vector.zero
    k = 0
    while k < columns {
      let count = columns - k
      let power = exponential(loadPartial(source + k, count, fill: -.infinity) - maximum)
      total += power
      storePartial(power, out + k, count)
      k += lanes
    }
    let factor = Vector(repeating: Float(1 / sum(total)))
    k = 0
    while k < columns {
      let count = columns - k
      storePartial(loadPartial(UnsafePointer(out) + k, count) * factor, out + k, count)
      k += lanes
    }
  }
}
