//! Adapters of Vulkan, Metal or DirectX, hardware first.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use burn::backend::wgpu::WgpuDevice;
use burn::backend::wgpu::graphics::{AutoGraphicsApi, GraphicsApi};
use wgpu::{DeviceType, Instance, InstanceDescriptor};

/// Something that can run a shader.
pub(crate) struct Adapter {
    pub(crate) device: WgpuDevice,
    pub(crate) name: String,
    /// Whether it is no program on the processor.
    pub(crate) hardware: bool,
}

/// Adapters by the number that a user gives: discrete, integrated, virtual, then the software adapter.
pub(crate) fn adapters() -> Vec<Adapter> {
    let backend = AutoGraphicsApi::backend();
    let instance = Instance::new(InstanceDescriptor { backends: backend.into(), ..InstanceDescriptor::new_without_display_handle() });
    // Outside a browser it is ready at once.
    let Poll::Ready(found) = pin!(instance.enumerate_adapters(backend.into())).poll(&mut Context::from_waker(Waker::noop())) else {
        return Vec::new();
    };
    let found: Vec<_> = found.iter().map(|adapter| adapter.get_info()).collect();
    let of = |kind: DeviceType, device: fn(usize) -> WgpuDevice| {
        let found = found.iter().filter(move |info| info.device_type == kind).enumerate();
        found.map(move |(number, info)| Adapter { device: device(number), name: info.name.clone(), hardware: kind != DeviceType::Cpu })
    };
    let hardware = of(DeviceType::DiscreteGpu, WgpuDevice::DiscreteGpu)
        .chain(of(DeviceType::IntegratedGpu, WgpuDevice::IntegratedGpu))
        .chain(of(DeviceType::VirtualGpu, WgpuDevice::VirtualGpu));
    hardware.chain(of(DeviceType::Cpu, |_| WgpuDevice::Cpu).take(1)).collect()
}
