/// Options that show the denoising.
let viewingOptions: [OptionDefinition] = [
  OptionDefinition(
    "frames", .required(name: "FILE", example: "frames.png"), .output,
    """
    also write an animated PNG that loops in a browser, taking 2 to 5 seconds: the image that the model predicts at \
    each step, or at 100 of them, and finally the image itself, which is all that other viewers show
    """
  ) { o, value, name throws(UsageError) in o.output.frames = try picture(value, name, endings: [".png", ".apng"]) },
  OptionDefinition(
    "strip", .required(name: "FILE", example: "strip.png"), .output,
    "also write a PNG with up to 10 of these predictions side by side, one row per image"
  ) { o, value, name throws(UsageError) in o.output.strip = try picture(value, name, endings: [".png"]) },
  OptionDefinition(
    "preview", .none, .output,
    """
    show the predicted images on the terminal while drawing: as pictures in kitty, iTerm2 and WezTerm, elsewhere as \
    coloured half blocks, or as characters if NO_COLOR is set
    """
  ) { o, _, _ throws(UsageError) in o.preview = true },
]

/// A file name with one of these endings.
private func picture(_ value: String, _ name: String, endings: [String]) throws(UsageError) -> String {
  guard endings.contains(where: { value.lowercased().hasSuffix($0) }) else {
    throw UsageError(
      """
      --\(name): the file name must end in \(endings.joined(separator: " or ")), not \(value); \
      type for instance --\(name) \(name).png
      """)
  }
  return value
}
