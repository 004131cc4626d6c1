// `import DiffusionTraining` also imports the modules that its interface uses.

@_exported import DiffusionCore
@_exported import DiffusionImages
@_exported import DiffusionModels
@_exported import TensorCore
