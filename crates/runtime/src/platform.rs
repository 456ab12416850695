//! What differs between operating systems and processors: the only conditional compilation of this crate.

#![allow(unsafe_code)]

use std::ptr::NonNull;

/// Asks for huge pages under a large, fresh allocation, so that the first write to it takes few page faults.
/// A hint: where it is not known, nothing happens.
pub fn advise_huge_pages(start: NonNull<u8>, len: usize) {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: the range belongs to the caller, and the advice changes no contents.
        unsafe { libc::madvise(start.as_ptr().cast(), len, libc::MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, len);
}

/// Physical memory of the machine in bytes.
pub fn physical_memory() -> Option<u64> {
    // SAFETY: `sysconf` reads two constants of the system.
    let (pages, page_size) =
        unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    (pages > 0 && page_size > 0).then(|| pages as u64 * page_size as u64)
}

/// The processor architecture and the widest vectors that kernels use on it, such as `x86-64, AVX-512`.
pub fn processor() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            "x86-64, AVX-512"
        } else if std::arch::is_x86_feature_detected!("avx2") {
            "x86-64, AVX2"
        } else {
            "x86-64"
        }
    }
    #[cfg(target_arch = "aarch64")]
    {
        "arm64, NEON"
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    {
        std::env::consts::ARCH
    }
}
