import DiffusionModels
import TensorCore
import Testing

struct CountFlopsTests {
  /// A network small enough to add up by hand, layer by layer.
  @Test func smallNetworkByHand() throws {
    var configuration = UNetConfiguration(
      inChannels: 3, modelChannels: 32, outChannels: 6, numResBlocks: 1, attentionResolutions: [2], channelMult: [1, 2])
    configuration.useScaleShiftNorm = true
    let model = try UNetModel(configuration, RequestedShapes().weights)
    let (full, half) = (16 * 16, 8 * 8)
    let k = 9
    func resBlock(_ from: Int, _ to: Int, _ pixels: Int) -> Int {
      128 * 2 * to + k * from * to * pixels + k * to * to * pixels + (from == to ? 0 : from * to * pixels)
    }
    func attention(_ c: Int, _ pixels: Int) -> Int { 2 * pixels * pixels * c }
    func attentionBlock(_ c: Int, _ pixels: Int) -> Int { 4 * c * c * pixels + attention(c, pixels) }
    var total = 32 * 128 + 128 * 128
    total += k * 3 * 32 * full + resBlock(32, 32, full) + k * 32 * 32 * half
    total += resBlock(32, 64, half) + attentionBlock(64, half)
    total += 2 * resBlock(64, 64, half) + attentionBlock(64, half)
    total += resBlock(64 + 64, 64, half) + attentionBlock(64, half)
    total += resBlock(64 + 32, 64, half) + attentionBlock(64, half) + k * 64 * 64 * full
    total += resBlock(64 + 32, 32, full) + resBlock(32 + 32, 32, full)
    total += k * 32 * 6 * full
    let flops = model.countFlops(batch: 3, size: [16, 16])
    #expect(flops == Flops(total: 3 * total, attention: 3 * 4 * attention(64, half)))
  }

  /// A residual block that halves the picture before its convolutions does a quarter of the work;
  /// one that doubles it four times.
  @Test func upAndDownBlocks() throws {
    var configuration = UNetConfiguration(
      inChannels: 3, modelChannels: 32, outChannels: 6, numResBlocks: 1, attentionResolutions: [], channelMult: [1, 1])
    let layers = try UNetModel(configuration, RequestedShapes().weights).countFlops(batch: 1, size: [16, 16]).total
    configuration.resblockUpdown = true
    let blocks = try UNetModel(configuration, RequestedShapes().weights).countFlops(batch: 1, size: [16, 16]).total
    // In place of a convolution: two, and the projection of the embedding.
    #expect(blocks - layers == 9 * 32 * 32 * (8 * 8 + 16 * 16) + 2 * 128 * 32)
  }

  /// OpenAI's CIFAR-10 model, whose cost was measured with the original code:
  /// 16.8 · 10⁹ operations, two per multiply-add.
  @Test func cifar10() throws {
    var configuration = UNetConfiguration(
      inChannels: 3, modelChannels: 128, outChannels: 6, numResBlocks: 3, attentionResolutions: [2, 4],
      channelMult: [1, 2, 2, 2])
    configuration.numHeads = 4
    configuration.useScaleShiftNorm = true
    let model = try UNetModel(configuration, RequestedShapes().weights)
    let operations = 2 * Double(model.countFlops(batch: 1, size: [32, 32]).total)
    #expect(abs(operations - 16.8e9) < 0.05e9, "\(operations)")
  }
}
