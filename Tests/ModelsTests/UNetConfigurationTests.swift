import DiffusionModels
import TensorCore
import Testing

struct UNetConfigurationTests {
  static func valid() -> UNetConfiguration {
    UNetConfiguration(
      inChannels: 3, modelChannels: 64, outChannels: 3, numResBlocks: 2, attentionResolutions: [2], channelMult: [1, 2])
  }

  @Test func validConfigurationPasses() throws { try Self.valid().validate() }

  @Test(arguments: [
    (\UNetConfiguration.inChannels, 0, "in_channels is 0, but must lie within 1…8192"),
    (\.outChannels, -1, "out_channels is -1, but must lie within 1…10000000"),
    (\.numResBlocks, 0, "num_res_blocks is 0, but must lie within 1…1024"),
    (\.dims, 4, "dims is 4, but must lie within 1…3"),
    (\.numHeads, 0, "num_heads is 0, but must lie within 1…4096"),
    (
      \.numHeads, 5, "a level's 128 channels cannot be shared by 5 attention heads: change num_heads"
    ),
    (
      \.modelChannels, 48,
      "a level would have 48 channels, but normalisation needs a multiple of 32: change num_channels or channel_mult"
    ),
    (\.modelChannels, Int.max, "num_channels is 9223372036854775807, but must lie within 1…65536"),
  ])
  func wrongNumbersAreNamed(_ field: WritableKeyPath<UNetConfiguration, Int> & Sendable, value: Int, message: String) {
    var configuration = Self.valid()
    configuration[keyPath: field] = value
    do {
      try configuration.validate()
      Issue.record("\(message): passed")
    } catch { #expect(error.description == message) }
  }

  @Test func levels() {
    var configuration = Self.valid()
    configuration.channelMult = []
    #expect(throws: ConfigurationError.noLevels) { try configuration.validate() }
    configuration.channelMult = [0.5, 2, 2]
    #expect(configuration.sizeMultiple == 4)
    #expect(configuration.width(0) == 32)
    #expect(throws: Never.self) { try configuration.validate() }
    configuration.channelMult = [0.25]
    #expect(throws: ConfigurationError.notGroups(channels: 16, multipleOf: 32)) { try configuration.validate() }
    configuration.normGroups = 8
    #expect(throws: Never.self) { try configuration.validate() }
    configuration.channelMult = [0.375]
    #expect(throws: Never.self) { try configuration.validate() }
    #expect(throws: ConfigurationError.notBlocks(channels: 24)) { try configuration.validateGradients() }
    for mult in [0, -1, .nan, .infinity] {
      configuration.channelMult = [mult]
      #expect(throws: ConfigurationError.self) { try configuration.validate() }
    }
  }

  @Test func headsOfChannels() {
    var configuration = Self.valid()
    (configuration.numHeads, configuration.numHeadsUpsample) = (2, 4)
    #expect(configuration.heads(channels: 128) == 2)
    #expect(configuration.heads(channels: 128, ascending: true) == 4)
    configuration.numHeadChannels = 16
    #expect(configuration.heads(channels: 128, ascending: true) == 8)
    configuration.numHeadChannels = 48
    #expect(throws: ConfigurationError.notHeadChannels(channels: 128, headChannels: 48)) {
      try configuration.validate()
    }
  }
}
