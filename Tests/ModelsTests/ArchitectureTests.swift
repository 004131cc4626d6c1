import TensorCore
import Testing

@testable import DiffusionModels

struct ArchitectureTests {
  /// What a network of `configuration` asks for, under the original's names.
  private static func shapes(_ configuration: UNetConfiguration) throws -> [String: [Int]] {
    let requested = RequestedShapes()
    _ = try UNetModel(configuration, requested.weights)
    return requested.all
  }

  static func small() -> UNetConfiguration {
    UNetConfiguration(
      inChannels: 3, modelChannels: 32, outChannels: 3, numResBlocks: 1, attentionResolutions: [2], channelMult: [1, 2])
  }

  /// Whatever a configuration says that shapes can show is read off them again.
  @Test func everythingThatShapesShow() throws {
    for levels in [[1], [1, 2], [2, 1, 1], [0.5, 1, 1, 2]] as [[Double]] {
      for blocks in 1...3 {
        for attention in [[], [1], [2, 4]] as [Set<Int>] {
          for (updown, convResample) in [(false, true), (true, true), (false, false)] {
            var configuration = UNetConfiguration(
              inChannels: 3, modelChannels: 64, outChannels: 6, numResBlocks: blocks,
              attentionResolutions: attention.filter { $0 < 1 << levels.count }, channelMult: levels)
            configuration.resblockUpdown = updown && levels.count > 1
            configuration.convResample = convResample || levels.count == 1
            configuration.useScaleShiftNorm = blocks == 2
            configuration.numClasses = blocks == 1 ? 5 : nil
            configuration.dims = blocks
            let read = try Architecture(Self.shapes(configuration))
            #expect(read.configuration == configuration)
            #expect(read.kind == .unet)
          }
        }
      }
    }
  }

  /// Twice the channels of its pictures, which it puts out once or twice.
  @Test(arguments: [(6, 3, true), (6, 6, true), (2, 1, true), (2, 2, false), (3, 6, false), (8, 8, false)])
  func superResolution(inChannels: Int, outChannels: Int, isSuperResolution: Bool) throws {
    var configuration = Self.small()
    configuration.inChannels = inChannels
    configuration.outChannels = outChannels
    let read = try Architecture(Self.shapes(configuration))
    #expect(read.kind == (isSuperResolution ? .superResolution : .unet))
    #expect(read.configuration.imageChannels == (isSuperResolution ? inChannels / 2 : inChannels))
  }

  @Test func classifiersWithPlainDownsampling() throws {
    var configuration = Self.small()
    configuration.imageSize = 16
    configuration.outChannels = 10
    for convResample in [true, false] {
      configuration.convResample = convResample
      let requested = RequestedShapes()
      _ = try EncoderUNetModel(configuration, requested.weights)
      let read = try Architecture(requested.all)
      #expect(read.kind == .classifier)
      #expect(read.configuration == configuration)
    }
  }

  /// Tables that are none of such a network: each is refused in words, and none brings the reader down.
  @Test func othersAreRefused() throws {
    let good = try Self.shapes(Self.small())
    func error(_ change: (inout [String: [Int]]) -> Void) -> String {
      var shapes = good
      change(&shapes)
      do {
        _ = try Architecture(shapes)
        return "none"
      } catch { return error.description }
    }
    #expect(throws: ArchitectureError.otherNetwork) { try Architecture(["features.0.weight": [3, 3]]) }
    #expect(throws: ArchitectureError.otherNetwork) { try Architecture([:]) }
    #expect(error { $0["input_blocks.0.0.weight"] = nil }.contains("no tensor input_blocks.0.0.weight"))
    #expect(error { $0["time_embed.0.weight"] = [128] }.contains("time_embed.0.weight has shape [128]"))
    #expect(error { $0["input_blocks.0.0.weight"] = [] }.contains("input_blocks.0.0.weight has shape []"))
    #expect(error { $0["time_embed.0.weight"] = [128, 0] }.contains("has shape [128, 0]"))
    #expect(error { $0["output_blocks.4.0.in_layers.0.weight"] = [32] }.contains("4 input blocks and 5 output blocks"))
    #expect(
      error { $0["input_blocks.9000000000000000000.0.x"] = [1] }.contains("4097 input blocks"))
    #expect(error { $0["input_blocks.9223372036854775807.0.x"] = [1] }.contains("input blocks"))
    #expect(error { $0["output_blocks.-5.0.x"] = [1] } == "none")
    for name in ["out.2.weight", "input_blocks.0.0.weight", "input_blocks.1.0.in_layers.2.weight"] {
      #expect(error { $0[name] = [Int.max, Int.max, 0] }.contains("tensor \(name) has shape"))
    }
  }
}
