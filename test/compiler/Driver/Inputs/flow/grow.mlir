module attributes {nn.assumptions = [], nn.free_dims = [{late, name = "?t"}, {late, name = "?e"}, {late, name = "?s"}, {late, name = "?c"}, {late, name = "?z"}], nn.model = "", nn.node_count = 2 : i64} {
  func.func @main(%x: tensor<1x4xf32> {nn.name = "x"}, %w: tensor<1x4xf32> {nn.name = "w"}, %limit: tensor<f32> {nn.name = "limit"}, %count: tensor<i64> {nn.name = "count"}, %flag: tensor<i1> {nn.name = "flag"})
     -> (tensor<?x4xf32, #nn.dims<["?s", 4]>> {nn.name = "grown"}, tensor<?x1x4xf32, #nn.dims<["?e", 1, 4]>> {nn.name = "ys"}, tensor<1x4xf32> {nn.name = "swap"}, tensor<?x4xf32, #nn.dims<["?z", 4]>> {nn.name = "chosen"}) {
    nn.bind_sizes %count as ["?c"] : tensor<i64>
    %true = nn.weight #nn.weight<dense {value = dense<true> : tensor<i1>} : tensor<i1>>
    %g, %p, %q, %ys = nn.loop index "?t" count <"?c"> executed "?e" while(%true : tensor<i1>) carried(%x, %x, %w : tensor<1x4xf32>, tensor<1x4xf32>, tensor<1x4xf32>) sizes ["?s"] from [#nn.size<1>] next [#nn.size<"?s" + 1>] -> tensor<?x4xf32, #nn.dims<["?s", 4]>>, tensor<1x4xf32>, tensor<1x4xf32>, tensor<?x1x4xf32, #nn.dims<["?e", 1, 4]>> {
    ^bb0(%a: tensor<?x4xf32, #nn.dims<["?s", 4]>>, %b: tensor<1x4xf32>, %d: tensor<1x4xf32>):
      %n = nn.add %b, %d : tensor<1x4xf32>, tensor<1x4xf32>
      %cat = nn.concat %a, %n axis 0 : tensor<?x4xf32, #nn.dims<["?s", 4]>>, tensor<1x4xf32>
      %m = nn.reduce max %n axes [0, 1] : tensor<1x4xf32>
      %ms = nn.reshape %m : tensor<1x1xf32> to tensor<f32>
      %go = nn.less %ms, %limit : tensor<f32>, tensor<f32>
      nn.yield while(%go : tensor<i1>) carried(%cat, %d, %n : tensor<?x4xf32, #nn.dims<["?s" + 1, 4]>>, tensor<1x4xf32>, tensor<1x4xf32>) stacked(%b : tensor<1x4xf32>)
    }
    %ch = nn.if %flag : tensor<i1> sizes ["?z"] then [#nn.size<"?s">] else [#nn.size<1>] -> tensor<?x4xf32, #nn.dims<["?z", 4]>> {
      %r = nn.neg %g : tensor<?x4xf32, #nn.dims<["?s", 4]>>
      nn.yield carried(%r : tensor<?x4xf32, #nn.dims<["?s", 4]>>)
    } else {
      nn.yield carried(%q : tensor<1x4xf32>)
    }
    return %g, %ys, %p, %ch : tensor<?x4xf32, #nn.dims<["?s", 4]>>, tensor<?x1x4xf32, #nn.dims<["?e", 1, 4]>>, tensor<1x4xf32>, tensor<?x4xf32, #nn.dims<["?z", 4]>>
  }
}
