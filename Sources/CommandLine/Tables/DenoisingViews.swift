/// The options that show how an image comes about.
let viewingOptions: [OptionDefinition] = [
  OptionDefinition(
    "frames", .required(name: "FILE", example: "frames.png"), .output,
    "write an animated PNG too, which plays in a browser, over and over, in 2 to 5 seconds: what the model expects the picture to become, at each step or at 100 of them, and last the picture, which other viewers show alone"
  ) { o, value, name throws(UsageError) in o.output.frames = try picture(value, name, endings: [".png", ".apng"]) },
  OptionDefinition(
    "strip", .required(name: "FILE", example: "strip.png"), .output,
    "write the same at up to 10 of the steps as one PNG, side by side, with a row for each image"
  ) { o, value, name throws(UsageError) in o.output.strip = try picture(value, name, endings: [".png"]) },
  OptionDefinition(
    "preview", .none, .output,
    "show on the terminal, while drawing, what the model expects the images to become: in kitty, iTerm2 and WezTerm as pictures, elsewhere as coloured half blocks, or with NO_COLOR as characters"
  ) { o, _, _ throws(UsageError) in o.preview = true },
]

/// The name of a file with one of the endings.
private func picture(_ value: String, _ name: String, endings: [String]) throws(UsageError) -> String {
  guard endings.contains(where: { value.lowercased().hasSuffix($0) }) else {
    throw UsageError(
      "--\(name): writes a file that ends in \(endings.joined(separator: " or ")), not \(value); type for instance --\(name) \(name).png"
    )
  }
  return value
}
