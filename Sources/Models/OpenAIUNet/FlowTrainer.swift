import DiffusionCheckpoints

/// Code bases that train flows with guided-diffusion's network: nothing but what they save beside it says which process
/// it learned.
enum FlowTrainer {
  /// atong01/conditional-flow-matching, torchcfm's.
  case torchcfm
  /// facebookresearch/flow_matching.
  case flowMatching

  /// The trainer that saved a checkpoint; nil if it was none of these.
  init?(_ origin: StateDictOrigin) {
    if origin.arguments["discrete_flow_matching"] == false {
      self = .flowMatching
    } else if Set(["net_model", "ema_model"]).isSubset(of: origin.outermostKeys) {
      self = .torchcfm
    } else {
      return nil
    }
  }

  /// Sets the trainer's defaults for a network of this configuration.
  func describe(_ defaults: inout ModelDescription, _ configuration: UNetConfiguration) {
    defaults.process = "flow"
    defaults.family = self == .torchcfm ? "torchcfm" : "flow_matching"
    guard self == .flowMatching else { return }
    // The label after the classes stands for none.
    defaults.nullClass = configuration.numClasses.map { $0 - 1 }
    defaults.useNewAttentionOrder = true
    // Its network for ImageNet resamples in residual blocks, that for CIFAR-10 does not.
    (defaults.numHeads, defaults.numHeadChannels) = configuration.resblockUpdown ? (nil, 64) : (1, nil)
  }
}
