import Testing

@Test func placeholderDiffusion() {}
