import Foundation
import TensorCore

// Every operation of the tensor core once more, spelt out from its definition, channels first as in PyTorch, in float64
// and without a thought for speed: these can be checked by eye, and the fast ones are checked against them.

/// The row-major offset of `index` in a tensor of shape `shape`.
private func offset(_ index: [Int], _ shape: [Int]) -> Int {
  var offset = 0
  for (i, size) in Swift.zip(index, shape) { offset = offset * size + i }
  return offset
}

/// Σ over channels and taps of weight · pixel, plus bias; outside the picture pixels are 0. `x` `[N, I, D, H, W]`,
/// `weight` `[O, I, KD, KH, KW]`; sizes of fewer dimensions are filled up with ones.
public func plainConvolution(_ x: Tensor, weight: Tensor, bias: Tensor, stride: [Int]) -> Tensor {
  let dims = x.shape.count - 2
  let ones = [Int](repeating: 1, count: 3 - dims)
  let xShape: [Int] = x.shape.prefix(2) + ones + x.shape.dropFirst(2)
  let weightShape: [Int] = weight.shape.prefix(2) + ones + weight.shape.dropFirst(2)
  let step: [Int] = ones + stride
  var outShape: [Int] = [x.shape[0], weight.shape[0]]
  for d in 0..<3 {
    let padded: Int = xShape[d + 2] + 2 * (weightShape[d + 2] / 2)
    outShape.append((padded - weightShape[d + 2]) / step[d] + 1)
  }
  var values: [Float] = []
  for n in 0..<outShape[0] {
    for o in 0..<outShape[1] {
      for z in 0..<outShape[2] {
        for y in 0..<outShape[3] {
          for x0 in 0..<outShape[4] {
            var sum = Double(bias[o])
            for tap in 0..<weightShape.dropFirst(2).reduce(1, *) {
              let kz = tap / (weightShape[3] * weightShape[4])
              let ky = tap / weightShape[4] % weightShape[3]
              let kx = tap % weightShape[4]
              let pz = z * step[0] + kz - weightShape[2] / 2
              let py = y * step[1] + ky - weightShape[3] / 2
              let px = x0 * step[2] + kx - weightShape[4] / 2
              guard 0..<xShape[2] ~= pz && 0..<xShape[3] ~= py && 0..<xShape[4] ~= px else { continue }
              for i in 0..<xShape[1] {
                let pixel = Double(x[offset([n, i, pz, py, px], xShape)])
                sum += pixel * Double(weight[offset([o, i, kz, ky, kx], weightShape)])
              }
            }
            values.append(Float(sum))
          }
        }
      }
    }
  }
  return Tensor(outShape.prefix(2) + outShape.suffix(dims), values)
}

/// x·Wᵀ + b: `x` `[N, I]`, `weight` `[O, I]`.
public func plainLinear(_ x: Tensor, weight: Tensor, bias: Tensor) -> Tensor {
  let (n, i, o) = (x.shape[0], x.shape[1], weight.shape[0])
  return Tensor(
    [n, o],
    (0..<n * o).map { index in
      let (row, column) = (index / o, index % o)
      var sum = Double(bias[column])
      for k in 0..<i { sum += Double(x[row * i + k]) * Double(weight[column * i + k]) }
      return Float(sum)
    })
}

/// Each group of channels of each picture to mean 0 and variance 1, then times weight plus bias; `x` `[N, C, …]`.
public func plainGroupNormalization(_ x: Tensor, weight: Tensor, bias: Tensor, groups: Int = 32) -> Tensor {
  let (n, channels) = (x.shape[0], x.shape[1])
  let pixels = x.count / (n * channels)
  let size = channels / groups * pixels
  var result = x
  for group in 0..<n * groups {
    let elements = (group * size..<(group + 1) * size)
    let mean = elements.reduce(0.0) { $0 + Double(x[$1]) } / Double(size)
    let variance = elements.reduce(0.0) { $0 + (Double(x[$1]) - mean) * (Double(x[$1]) - mean) } / Double(size)
    for e in elements {
      let c = e / pixels % channels
      result[e] = Float((Double(x[e]) - mean) / (variance + 1e-5).squareRoot() * Double(weight[c]) + Double(bias[c]))
    }
  }
  return result
}

/// x / (1 + e⁻ˣ).
public func plainSiLU(_ x: Tensor) -> Tensor { x.map { Float(Double($0) / (1 + exp(-Double($0)))) } }

/// eˣ / Σ eˣ along the last dimension.
public func plainSoftmax(_ x: Tensor) -> Tensor {
  let length = x.shape[x.shape.count - 1]
  var result = x
  for row in 0..<x.count / length {
    let values = (0..<length).map { Double(x[row * length + $0]) }
    let largest = values.max() ?? 0
    let sum = values.reduce(0) { $0 + exp($1 - largest) }
    for i in 0..<length { result[row * length + i] = Float(exp(values[i] - largest) / sum) }
  }
  return result
}

/// softmax(qᵀk / √d)·v for each head: `qkv` `[N, heads · 3 · d, T]` → `[N, heads · d, T]`.
public func plainAttention(_ qkv: Tensor, heads: Int) -> Tensor {
  let (n, width, length) = (qkv.shape[0], qkv.shape[1], qkv.shape[2])
  let d = width / (3 * heads)
  var result = Tensor(zeros: [n, heads * d, length])
  for head in 0..<n * heads {
    func at(_ part: Int, _ c: Int, _ t: Int) -> Double { Double(qkv[((head * 3 + part) * d + c) * length + t]) }
    for t in 0..<length {
      let scores = (0..<length).map { s in
        (0..<d).reduce(0.0) { $0 + at(0, $1, t) * at(1, $1, s) } / Double(d).squareRoot()
      }
      let largest = scores.max() ?? 0
      let weights = scores.map { exp($0 - largest) }
      let sum = weights.reduce(0, +)
      for c in 0..<d {
        let value = (0..<length).reduce(0.0) { $0 + weights[$1] * at(2, c, $1) } / sum
        result[(head * d + c) * length + t] = Float(value)
      }
    }
  }
  return result
}

/// Σ over the pixels of a picture of (1 - |Δy|)⁺ · (1 - |Δx|)⁺ · pixel, where Δ is the distance to the place, moved
/// into the picture, at which the centre of the new pixel falls: `x` `[N, C, h, w]` → `[N, C, height, width]`.
public func plainBilinear(_ x: Tensor, _ height: Int, _ width: Int) -> Tensor {
  let (h, w) = (x.shape[2], x.shape[3])
  func place(_ i: Int, _ source: Int, _ target: Int) -> Double {
    min(max((Double(i) + 0.5) * Double(source) / Double(target) - 0.5, 0), Double(source - 1))
  }
  var result = Tensor(zeros: [x.shape[0], x.shape[1], height, width])
  for i in 0..<result.count {
    let (plane, y, column) = (i / (height * width), i / width % height, i % width)
    var sum = 0.0
    for pixel in 0..<h * w {
      let dy = abs(place(y, h, height) - Double(pixel / w))
      let dx = abs(place(column, w, width) - Double(pixel % w))
      sum += max(0, 1 - dy) * max(0, 1 - dx) * Double(x[plane * h * w + pixel])
    }
    result[i] = Float(sum)
  }
  return result
}

/// A tensor of numbers that look random but are the same in every run, roughly uniform in [-1, 1].
public func scrambled(_ shape: [Int], seed: UInt64 = 1) -> Tensor {
  var state = seed
  return Tensor(
    shape,
    (0..<shape.reduce(1, *)).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) / Float(1 << 23) - 1
    })
}
