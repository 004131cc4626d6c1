/// `name` after its indefinite article: `an improved-diffusion`, `a UNet`, `an SR3`.
public func withArticle(_ name: String) -> String {
  // Spelling and sound differ in these.
  let (consonants, vowels) = (["UNet", "UniPC", "unet", "unipc"], ["SR3", "SVG", "NCSN"])
  let soundsLikeVowel =
    vowels.contains(where: name.hasPrefix)
    || name.first.map("aeiouAEIOU".contains) == true && !consonants.contains(where: name.hasPrefix)
  return (soundsLikeVowel ? "an " : "a ") + name
}
