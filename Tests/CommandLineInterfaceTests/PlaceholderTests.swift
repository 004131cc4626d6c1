import Testing

@Test func placeholderCommandLineInterface() {}
