import DiffusionCheckpoints

/// The networks of the code base that cannot be drawn from, each known by its names.
enum LucidrainsRefusals {
  /// Why the network in `state` cannot be drawn from; nil if it is no other network of the code base.
  static func reason(_ state: StateDict) -> String? {
    let names = Set(state.names)
    func has(_ name: String) -> Bool { names.contains(name) }
    func ends(_ suffix: String) -> Bool { names.contains { $0 == suffix || $0.hasSuffix("." + suffix) } }
    if ends("to_time_emb.0.weights"), ends("input_block.weight") {
      let shape = names.first { $0 == "input_block.weight" || $0.hasSuffix(".input_block.weight") }
        .flatMap { state.shape(of: $0) }
      let kind = shape?.count == 5 ? "KarrasUnet3D" : shape?.count == 3 ? "KarrasUnet1D" : "KarrasUnet"
      return refusal("a \(kind)")
    }
    guard has("time_mlp.3.weight") else { return nil }
    if has("downs.0.0.ds_conv.weight") { return refusal("a ConvNeXt network of a release before 0.11") }
    if has("downs.0.0.block1.block.0.weight") {
      return refusal(
        has("init_conv.weight") ? "a network of a release before 0.16" : "a network with Mish of a release before 0.7")
    }
    guard has("init_conv.weight"), has("downs.0.0.block1.proj.weight") else { return nil }
    switch state.shape(of: "init_conv.weight")?.count {
    case 3: return refusal("a Unet1D")
    case 5: return refusal("a network in three dimensions")
    default: break
    }
    // All others have a middle of blocks.
    if !has("mid_block1.block1.proj.weight") {
      return refusal("a UViT (simple_diffusion)")
    }
    let levels = (0..<64).first { !has("downs.\($0).0.block1.proj.weight") } ?? 64
    if levels > 0, !has("downs.\(levels - 1).3.weight") || !has("ups.\(levels - 1).0.block1.proj.weight") {
      return refusal("a network of a release before 0.22, with one skip a level")
    }
    return nil
  }

  private static func refusal(_ what: String) -> String {
    """
    is \(what) of denoising-diffusion-pytorch, which cannot be drawn from here; those of the class Unet since release \
    0.22 are
    """
  }
}
