import Foundation
import Measuring
import TensorCore

// operation KIND N C H W O K L STRIDE THREADS PASSES FOLDER: runs an operation on FOLDER/x, [N, C, H, W], writes
// FOLDER/y and prints the median time of a pass in milliseconds. Convolutions have the weight FOLDER/w, [O, C, K, L],
// the bias FOLDER/b, [O], and half the kernel as padding. Files hold float32 alone.

let arguments = CommandLine.arguments
let numbers = arguments.dropFirst(2).prefix(10).compactMap { Int($0) }
guard numbers.count == 10, arguments.count == 13 else {
  print("usage: operation KIND N C H W O K L STRIDE THREADS PASSES FOLDER")
  exit(64)
}
let (batch, channels, height, width) = (numbers[0], numbers[1], numbers[2], numbers[3])
let (outChannels, kernel, stride) = (numbers[4], [numbers[5], numbers[6]], numbers[7])
let folder = URL(fileURLWithPath: arguments[12])

try measure(threads: numbers[8], passes: numbers[9], in: folder) {
  let x = try read("x", [batch, channels, height, width], in: folder).channelsLast()
  func weight() throws -> Tensor { try read("w", [outChannels, channels] + kernel, in: folder) }
  func bias() throws -> Tensor { try read("b", [outChannels], in: folder) }
  switch arguments[1] {
  case "convolution":
    let layer = Convolution(
      weight: try weight(), bias: try bias(), stride: [stride, stride], padding: .each((kernel[0] - 1) / 2))
    return { layer(x) }
  case "rows":
    let layer = RowConvolution(weight: Parameter(try weight()), bias: Parameter(try bias()))
    return { layer(x) }
  case "rectified":
    let padding = stride == 1 ? kernel.map { $0 / 2 } : [0, 0]
    let layer = RectifiedConvolution(weight: try weight(), bias: try bias(), stride: stride, padding: padding)
    return { layer(x) }
  case "linear-attention":
    // Of queries, keys and values in 4 heads.
    let qkv = x.reshaped([batch, height * width, channels])
    let layer = LinearAttention(
      heads: 4, weight: Parameter(try read("w", [outChannels, channels / 3, 1, 1], in: folder)),
      bias: Parameter(try bias()))
    let scale = 1 / Float(channels / 12).squareRoot()
    return { layer(qkv, scale: scale).reshaped([batch, height, width, outChannels]) }
  case "rms-norm":
    let layer = ChannelNormalization(.rootMeanSquare, gain: Parameter(try bias()))
    return { layer(x) }
  case "halved":
    let filter = FilteredResampling()
    return { filter.halved(x) }
  case "doubled":
    let filter = FilteredResampling()
    return { filter.doubled(x) }
  case "average-pool":
    return { x.averagePooled() }
  case "maximum-pool":
    let pool = WindowPooling(.maximum, window: 3, stride: 2)
    return { pool(x) }
  default:
    fatalError("there is no operation \(arguments[1])")
  }
}
