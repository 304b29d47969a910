module attributes {nn.assumptions = [], nn.free_dims = [{min = 1 : i64, name = "n"}, {late, name = "?t"}, {late, name = "?e"}], nn.model = "", nn.node_count = 2 : i64} {
  func.func @main(%x: tensor<?x4xf32, #nn.dims<[n, 4]>> {nn.name = "x"}, %h: tensor<1x4xf32> {nn.name = "h"}) -> (tensor<1x4xf32> {nn.name = "y"}, tensor<?x1x4xf32, #nn.dims<[n, 1, 4]>> {nn.name = "ys"}) {
    %f, %ys = nn.loop index "?t" count <n> executed "?e" carried(%h : tensor<1x4xf32>) -> tensor<1x4xf32>, tensor<?x1x4xf32, #nn.dims<[n, 1, 4]>> {
    ^bb0(%arg: tensor<1x4xf32>):
      %c = nn.slice %x starts [#nn.size<"?t">, #nn.size<0>] sizes [#nn.size<1>, #nn.size<4>] steps [1, 1] : tensor<?x4xf32, #nn.dims<[n, 4]>>
      %e = nn.tanh %arg : tensor<1x4xf32>
      %a = nn.add %e, %c : tensor<1x4xf32>, tensor<1x4xf32>
      nn.yield carried(%a : tensor<1x4xf32>) stacked(%arg : tensor<1x4xf32>)
    }
    return %f, %ys : tensor<1x4xf32>, tensor<?x1x4xf32, #nn.dims<[n, 1, 4]>>
  }
}
