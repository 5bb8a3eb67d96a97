//! Convolutions and pooling over one or two dimensions.

use super::call::{Call, text};
use crate::network::graph::{ConvolutionOptions, NetworkBuilder, Value, Window};

/// Reshapes channels x length to channels x 1 x length; images are unchanged.
fn as_image(builder: &NetworkBuilder, x: &Value) -> Result<Value, String> {
    match x.shape() {
        [1, _, _, _] => Ok(x.clone()),
        &[1, channels, length] => builder.reshape(x, &[1, channels, 1, length]).map_err(text),
        shape => Err(format!("a tensor of shape {shape:?}, not one image or one signal with its channels")),
    }
}

/// Reshapes the result to the number of axes of the tensor.
fn as_before(builder: &NetworkBuilder, x: &Value, y: Value) -> Result<Value, String> {
    if x.shape().len() == 4 {
        return Ok(y);
    }
    let shape = [1, y.shape()[1], y.shape()[3]];
    builder.reshape(&y, &shape).map_err(text)
}

/// The window of a node, for an input of this size.
fn window(call: &Call<'_>, kernel: &[usize], image: &Value) -> Result<Window, String> {
    let one_dimensional = call.value(0)?.shape().len() == 3;
    let axes = if one_dimensional { 1 } else { 2 };
    let pair = |list: &[usize], of_missing: usize| -> Result<[usize; 2], String> {
        match *list {
            [n] if one_dimensional => Ok([of_missing, n]),
            [m, n] if !one_dimensional => Ok([m, n]),
            _ => Err(format!("{} sizes for {axes} axes", list.len())),
        }
    };
    let attribute = |name| call.attributes.sizes(name);
    let kernel = pair(kernel, 1)?;
    let stride = pair(&attribute("strides")?.unwrap_or_else(|| vec![1; axes]), 1)?;
    let dilation = pair(&attribute("dilations")?.unwrap_or_else(|| vec![1; axes]), 1)?;
    let size = [image.shape()[2], image.shape()[3]];
    let mut padding = [[0; 2]; 2];
    let pads = call.attributes.sizes("pads")?;
    let auto = call.attributes.text("auto_pad", "NOTSET");
    let mut ceil = call.attributes.integer("ceil_mode", 0) != 0;
    if auto != "NOTSET" && pads.iter().flatten().any(|&n| n != 0) {
        return Err(format!("both pads and auto_pad {auto}, expected one of them"));
    }
    match &auto[..] {
        "NOTSET" => {
            let pads = pads.unwrap_or_else(|| vec![0; 2 * axes]);
            if pads.len() != 2 * axes {
                return Err(format!("{} pads for {axes} axes", pads.len()));
            }
            padding = [pair(&pads[..axes], 0)?, pair(&pads[axes..], 0)?];
        }
        "VALID" if ceil => return Err("ceil_mode with auto_pad VALID, for which runtimes differ".to_string()),
        "VALID" => {}
        kind @ ("SAME_UPPER" | "SAME_LOWER") => {
            // The number of positions is the size divided by the stride, rounded up, independently of ceil_mode.
            ceil = false;
            for axis in 0..2 {
                if stride[axis] == 0 {
                    return Err("a stride of 0, expected at least 1".to_string());
                }
                let extent = kernel[axis].checked_sub(1).and_then(|n| n.checked_mul(dilation[axis])).and_then(|n| n.checked_add(1));
                let before = (size[axis].div_ceil(stride[axis]) - 1) * stride[axis]; // below the size
                let covered = extent.and_then(|extent| extent.checked_add(before)).ok_or("the kernel is too large")?;
                if covered < size[axis] - 1 {
                    return Err(format!("auto_pad {auto} with strides that skip elements, for which runtimes differ"));
                }
                let all = covered.saturating_sub(size[axis]);
                let (less, more) = (all / 2, all - all / 2);
                (padding[0][axis], padding[1][axis]) = if kind == "SAME_UPPER" { (less, more) } else { (more, less) };
            }
        }
        other => return Err(format!("auto_pad {other} is unknown, expected NOTSET, VALID, SAME_UPPER or SAME_LOWER")),
    }
    Ok(Window { kernel, stride, dilation, padding, ceil })
}

pub(super) fn convolution(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    let (x, weights, bias) = (call.value(0)?, call.constant(1)?, call.optional_constant(2)?);
    let image = as_image(builder, x)?;
    if let Some(bias) = bias.filter(|bias| bias.shape != weights.shape[..1.min(weights.shape.len())]) {
        return Err(format!("a bias of shape {:?} for weights of shape {:?}", bias.shape, weights.shape));
    }
    if weights.shape.len() != x.shape().len() {
        return Err(format!("weights of shape {:?} for a tensor of shape {:?}", weights.shape, x.shape()));
    }
    let kernel = &weights.shape[2..];
    if call.attributes.sizes("kernel_shape")?.is_some_and(|shape| shape != kernel) {
        return Err(format!("a kernel_shape that is not that of weights of shape {:?}", weights.shape));
    }
    let Window { kernel, stride, dilation, padding, .. } = window(call, kernel, &image)?;
    let groups = usize::try_from(call.attributes.integer("group", 1)).map_err(|_| "a negative number of groups")?;
    if groups == 0 || weights.shape[1].checked_mul(groups) != Some(image.shape()[1]) {
        return Err(format!("weights of shape {:?} in {groups} groups for {} channels", weights.shape, image.shape()[1]));
    }
    let options = ConvolutionOptions { stride, dilation, padding, groups };
    let bias = bias.map(super::tensor::Constant::coefficients);
    let y = builder.convolution(&image, weights.coefficients(), kernel, bias, options).map_err(text)?;
    as_before(builder, x, y)
}

pub(super) fn pool(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    let x = call.value(0)?;
    let image = as_image(builder, x)?;
    let kernel = call.attributes.sizes("kernel_shape")?.ok_or("its kernel_shape is missing")?;
    let window = window(call, &kernel, &image)?;
    if window.dilation != [1, 1] && call.attributes.text("auto_pad", "NOTSET").starts_with("SAME") {
        return Err("auto_pad with dilations, for which runtimes differ".to_string());
    }
    let y = if call.operator == "MaxPool" {
        if call.attributes.integer("storage_order", 0) != 0 {
            return Err("a storage order by columns, expected one by rows".to_string());
        }
        builder.max_pool(&image, &window)
    } else {
        builder.average_pool(&image, &window, call.attributes.integer("count_include_pad", 0) != 0)
    };
    as_before(builder, x, y.map_err(text)?)
}

pub(super) fn global_pool(call: &Call<'_>, builder: &mut NetworkBuilder) -> Result<Value, String> {
    let x = call.value(0)?;
    let image = as_image(builder, x)?;
    let window = Window::new([image.shape()[2], image.shape()[3]]);
    let y = match call.operator {
        "GlobalMaxPool" => builder.max_pool(&image, &window),
        _ => builder.average_pool(&image, &window, false),
    };
    as_before(builder, x, y.map_err(text)?)
}
