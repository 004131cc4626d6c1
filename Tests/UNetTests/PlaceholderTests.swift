import Testing

@Test func placeholderUNet() {}
