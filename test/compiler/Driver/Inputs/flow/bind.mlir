module attributes {nn.assumptions = [], nn.free_dims = [{min = 1 : i64, name = "n"}, {late, name = "?a"}, {late, name = "?b"}], nn.model = "", nn.node_count = 2 : i64} {
  func.func @main(%x: tensor<?x4xf32, #nn.dims<[n, 4]>> {nn.name = "x"}, %s: tensor<2xi64> {nn.name = "s"}) -> (tensor<?x?xf32, #nn.dims<["?a", "?b"]>> {nn.name = "y"}) {
    %r = nn.relu %x : tensor<?x4xf32, #nn.dims<[n, 4]>>
    nn.bind_sizes %s as ["?a", "?b"] : tensor<2xi64>
    %v = nn.reshape %r : tensor<?x4xf32, #nn.dims<[n, 4]>> to tensor<?x?xf32, #nn.dims<["?a", "?b"]>>
    %y = nn.exp %v : tensor<?x?xf32, #nn.dims<["?a", "?b"]>>
    return %y : tensor<?x?xf32, #nn.dims<["?a", "?b"]>>
  }
}
