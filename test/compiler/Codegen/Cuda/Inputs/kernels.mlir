// One kernel of every kind, and products with every tile.
module attributes {nn.free_dims = [{name = "batch", min = 1 : i64}]} {
  kernel.func @elementwise(%a: tensor<?x8xf32, #nn.dims<[batch, 8]>>, %c: tensor<8xf32>) -> tensor<?x8xf32, #nn.dims<[batch, 8]>> attributes {kind = #kernel.kind<loop>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %0 = nn.add %a, %c : tensor<?x8xf32, #nn.dims<[batch, 8]>>, tensor<8xf32>
    %1 = nn.tanh %0 : tensor<?x8xf32, #nn.dims<[batch, 8]>>
    kernel.yield %1 : tensor<?x8xf32, #nn.dims<[batch, 8]>>
  }
  kernel.func @gather(%a: tensor<10x7xf32>, %i: tensor<?xi64, #nn.dims<[batch]>>) -> tensor<?x7xf32, #nn.dims<[batch, 7]>> attributes {kind = #kernel.kind<loop>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %0 = nn.gather %a, %i axis 0 {check = 3 : i64} : tensor<10x7xf32>, tensor<?xi64, #nn.dims<[batch]>>
    kernel.yield %0 : tensor<?x7xf32, #nn.dims<[batch, 7]>>
  }
  kernel.func @concat(%a: tensor<4x3xf32>, %b: tensor<4x5xf32>) -> tensor<4x8xf32> attributes {kind = #kernel.kind<loop>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %0 = nn.concat %a, %b axis 1 : tensor<4x3xf32>, tensor<4x5xf32>
    kernel.yield %0 : tensor<4x8xf32>
  }
  kernel.func @softmax(%x: tensor<?x100xf32, #nn.dims<[batch, 100]>>) -> tensor<?x100xf32, #nn.dims<[batch, 100]>> attributes {kind = #kernel.kind<rows>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %0 = nn.reduce max %x axes [1] : tensor<?x100xf32, #nn.dims<[batch, 100]>>
    %1 = nn.sub %x, %0 : tensor<?x100xf32, #nn.dims<[batch, 100]>>, tensor<?x1xf32, #nn.dims<[batch, 1]>>
    %2 = nn.exp %1 : tensor<?x100xf32, #nn.dims<[batch, 100]>>
    %3 = nn.reduce sum %2 axes [1] : tensor<?x100xf32, #nn.dims<[batch, 100]>>
    %4 = nn.div %2, %3 : tensor<?x100xf32, #nn.dims<[batch, 100]>>, tensor<?x1xf32, #nn.dims<[batch, 1]>>
    kernel.yield %4 : tensor<?x100xf32, #nn.dims<[batch, 100]>>
  }
  kernel.func @softmax_free(%x: tensor<3x?xf32, #nn.dims<[3, batch]>>) -> tensor<3x?xf32, #nn.dims<[3, batch]>> attributes {kind = #kernel.kind<rows>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %0 = nn.reduce max %x axes [1] : tensor<3x?xf32, #nn.dims<[3, batch]>>
    %1 = nn.sub %x, %0 : tensor<3x?xf32, #nn.dims<[3, batch]>>, tensor<3x1xf32>
    %2 = nn.exp %1 : tensor<3x?xf32, #nn.dims<[3, batch]>>
    %3 = nn.reduce sum %2 axes [1] : tensor<3x?xf32, #nn.dims<[3, batch]>>
    %4 = nn.div %2, %3 : tensor<3x?xf32, #nn.dims<[3, batch]>>, tensor<3x1xf32>
    kernel.yield %4 : tensor<3x?xf32, #nn.dims<[3, batch]>>
  }
  kernel.func @mean_rows(%x: tensor<5x300xf32>) -> tensor<5x1xf32> attributes {kind = #kernel.kind<reduce>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %0 = nn.reduce mean %x axes [1] : tensor<5x300xf32>
    kernel.yield %0 : tensor<5x1xf32>
  }
  kernel.func @mean_image(%x: tensor<2x7x7x40xf32>) -> tensor<2x1x1x40xf32> attributes {kind = #kernel.kind<reduce>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %0 = nn.reduce mean %x axes [1, 2] : tensor<2x7x7x40xf32>
    kernel.yield %0 : tensor<2x1x1x40xf32>
  }
  kernel.func @maxpool(%x: tensor<1x9x9x6xf32>) -> tensor<1x5x5x6xf32> attributes {kind = #kernel.kind<window>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %0 = nn.pool max %x window [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] channels_last : tensor<1x9x9x6xf32>
    kernel.yield %0 : tensor<1x5x5x6xf32>
  }
  kernel.func @depthwise(%x: tensor<1x9x9x8xf32>, %w: tensor<3x3x8xf32>) -> tensor<1x9x9x8xf32> attributes {kind = #kernel.kind<window>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %f = kernel.unpack %w : tensor<3x3x8xf32> -> tensor<8x1x3x3xf32>
    %0 = nn.conv %x, %f strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 8 channels_last : tensor<1x9x9x8xf32>, tensor<8x1x3x3xf32>
    kernel.yield %0 : tensor<1x9x9x8xf32>
  }
  kernel.func @argmax(%x: tensor<6x100xf32>) -> tensor<6x1xi64> attributes {kind = #kernel.kind<serial>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %0 = nn.arg_reduce max %x axis 1 : tensor<6x100xf32>
    kernel.yield %0 : tensor<6x1xi64>
  }
  kernel.func @product_free(%x: tensor<?x72xf32, #nn.dims<[batch, 72]>>, %w: tensor<1x3x72x32xf32>, %b: tensor<70xf32>) -> tensor<?x70xf32, #nn.dims<[batch, 70]>> attributes {kind = #kernel.kind<contract>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %f = kernel.unpack %w : tensor<1x3x72x32xf32> -> tensor<72x70xf32>
    %0 = nn.matmul %x, %f : tensor<?x72xf32, #nn.dims<[batch, 72]>>, tensor<72x70xf32>
    %1 = nn.add %0, %b : tensor<?x70xf32, #nn.dims<[batch, 70]>>, tensor<70xf32>
    %2 = nn.relu %1 : tensor<?x70xf32, #nn.dims<[batch, 70]>>
    kernel.yield %2 : tensor<?x70xf32, #nn.dims<[batch, 70]>>
  }
  kernel.func @product_large(%x: tensor<2048x64xf32>, %w: tensor<1x32x64x32xf32>) -> tensor<2048x1024xf32> attributes {kind = #kernel.kind<contract>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %f = kernel.unpack %w : tensor<1x32x64x32xf32> -> tensor<64x1024xf32>
    %0 = nn.matmul %x, %f : tensor<2048x64xf32>, tensor<64x1024xf32>
    kernel.yield %0 : tensor<2048x1024xf32>
  }
  kernel.func @scores(%q: tensor<2x33x24xf32>, %k: tensor<2x33x24xf32>) -> tensor<2x33x33xf32> attributes {kind = #kernel.kind<contract>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %t = nn.transpose %k [0, 2, 1] : tensor<2x33x24xf32>
    %0 = nn.matmul %q, %t : tensor<2x33x24xf32>, tensor<2x24x33xf32>
    kernel.yield %0 : tensor<2x33x33xf32>
  }
  kernel.func @conv(%x: tensor<1x14x14x16xf32>, %w: tensor<1x1x3x3x16x32xf32>) -> tensor<1x14x14x32xf32> attributes {kind = #kernel.kind<contract>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %0 = kernel.unpack %w : tensor<1x1x3x3x16x32xf32> -> tensor<32x16x3x3xf32>
    %1 = nn.conv %x, %0 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 channels_last : tensor<1x14x14x16xf32>, tensor<32x16x3x3xf32>
    kernel.yield %1 : tensor<1x14x14x32xf32>
  }
  kernel.func @conv_channels_first(%x: tensor<1x3x30x30xf32>, %w: tensor<1x1x3x3x3x32xf32>) -> tensor<1x15x15x32xf32> attributes {kind = #kernel.kind<contract>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %0 = kernel.unpack %w : tensor<1x1x3x3x3x32xf32> -> tensor<32x3x3x3xf32>
    %1 = nn.transpose %x [0, 2, 3, 1] : tensor<1x3x30x30xf32>
    %2 = nn.conv %1, %0 strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] group 1 channels_last : tensor<1x30x30x3xf32>, tensor<32x3x3x3xf32>
    kernel.yield %2 : tensor<1x15x15x32xf32>
  }
  kernel.func @product_half(%x: tensor<50x72xf16>, %w: tensor<1x3x72x32xf16>, %b: tensor<70xf16>) -> tensor<50x70xf16> attributes {kind = #kernel.kind<contract>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %f = kernel.unpack %w : tensor<1x3x72x32xf16> -> tensor<72x70xf16>
    %0 = nn.matmul %x, %f : tensor<50x72xf16>, tensor<72x70xf16>
    %1 = nn.add %0, %b : tensor<50x70xf16>, tensor<70xf16>
    kernel.yield %1 : tensor<50x70xf16>
  }
  kernel.func @product_bytes(%x: tensor<50x72xui8>, %w: tensor<1x3x18x32x4xi8>) -> tensor<50x70xi32> attributes {kind = #kernel.kind<contract>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %f = kernel.unpack %w : tensor<1x3x18x32x4xi8> -> tensor<72x70xi8>
    %0 = nn.matmul %x, %f : tensor<50x72xui8>, tensor<72x70xi8>
    kernel.yield %0 : tensor<50x70xi32>
  }
  kernel.func @product_computed_bytes(%x: tensor<2x20x27xui8>, %y: tensor<2x27x33xi8>) -> tensor<2x20x33xi32> attributes {kind = #kernel.kind<contract>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %0 = nn.matmul %x, %y : tensor<2x20x27xui8>, tensor<2x27x33xi8>
    kernel.yield %0 : tensor<2x20x33xi32>
  }
  kernel.func @conv_bytes(%x: tensor<1x9x9x16xui8>, %w: tensor<1x2x3x3x4x32x4xi8>) -> tensor<1x9x9x40xi32> attributes {kind = #kernel.kind<contract>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %f = kernel.unpack %w : tensor<1x2x3x3x4x32x4xi8> -> tensor<40x16x3x3xi8>
    %0 = nn.conv %x, %f strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 channels_last pad_value 7 : tensor<1x9x9x16xui8>, tensor<40x16x3x3xi8>
    kernel.yield %0 : tensor<1x9x9x40xi32>
  }
  kernel.func @conv_odd_bytes(%x: tensor<1x9x9x3xui8>, %w: tensor<1x2x3x3x1x32x4xi8>) -> tensor<1x9x9x40xi32> attributes {kind = #kernel.kind<contract>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %f = kernel.unpack %w : tensor<1x2x3x3x1x32x4xi8> -> tensor<40x3x3x3xi8>
    %0 = nn.conv %x, %f strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1 channels_last pad_value 7 : tensor<1x9x9x3xui8>, tensor<40x3x3x3xi8>
    kernel.yield %0 : tensor<1x9x9x40xi32>
  }
  kernel.func @depthwise_bytes(%x: tensor<1x9x9x8xui8>, %w: tensor<1x3x8x4xi8>) -> tensor<1x9x9x8xi32> attributes {kind = #kernel.kind<window>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %f = kernel.unpack %w : tensor<1x3x8x4xi8> -> tensor<8x1x3x3xi8>
    %0 = nn.conv %x, %f strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 8 channels_last pad_value 7 : tensor<1x9x9x8xui8>, tensor<8x1x3x3xi8>
    kernel.yield %0 : tensor<1x9x9x8xi32>
  }
  kernel.func @conv_groups(%x: tensor<1x6x6x10xf32>, %w: tensor<2x1x3x3x5x32xf32>) -> tensor<1x4x4x14xf32> attributes {kind = #kernel.kind<contract>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %f = kernel.unpack %w : tensor<2x1x3x3x5x32xf32> -> tensor<14x5x3x3xf32>
    %0 = nn.conv %x, %f strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 2 channels_last : tensor<1x6x6x10xf32>, tensor<14x5x3x3xf32>
    kernel.yield %0 : tensor<1x4x4x14xf32>
  }
  kernel.func @conv_transpose(%x: tensor<1x5x5x8xf32>, %w: tensor<1x1x3x3x8x32xf32>) -> tensor<1x9x9x12xf32> attributes {kind = #kernel.kind<contract>, tiles = #nn.size<1>, scratch = #nn.size<0>} {
    %f = kernel.unpack %w : tensor<1x1x3x3x8x32xf32> -> tensor<8x12x3x3xf32>
    %0 = nn.conv_transpose %x, %f strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] output_padding [0, 0] group 1 channels_last : tensor<1x5x5x8xf32>, tensor<8x12x3x3xf32>
    kernel.yield %0 : tensor<1x9x9x12xf32>
  }
}
