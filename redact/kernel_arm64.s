#include "go_asm.h"
#include "textflag.h"

// fillNEON takes the classes of bytes from vectors, and hashes grams as goKernel does:
// looking up 64 buckets costs 128-bit vectors more than a hash costs the general
// registers.

// Bits of the classes in the tables classLower and classUpper of kernel_vector.go.
#define digitBits  $0x01
#define gapBits    $0x30
#define wordBits   $0x1f
#define escapeBits $0x40

// CLASS adds up, for pairs of the 32 bytes with classes in V16 and V17, the bits of
// those that have some of the classes.
#define CLASS(bits, to) \
	VMOVI  bits, V20.B16                \
	VCMTST V20.B16, V16.B16, to.B16     \
	VCMTST V20.B16, V17.B16, V20.B16    \
	VAND   V30.B16, to.B16, to.B16      \
	VAND   V30.B16, V20.B16, V20.B16    \
	VADDP  V20.B16, to.B16, to.B16

// CLASSES fills the masks of classes for 32 bytes. Three sums of neighbours make bits
// of bytes.
#define CLASSES(from, to) \
	FMOVQ from(R1), F0                          \
	FMOVQ from+16(R1), F1                       \
	VUSHR $4, V0.B16, V2.B16                    \
	VUSHR $4, V1.B16, V3.B16                    \
	VAND  V26.B16, V0.B16, V0.B16               \
	VAND  V26.B16, V1.B16, V1.B16               \
	VTBL  V0.B16, [V28.B16], V16.B16            \
	VTBL  V1.B16, [V28.B16], V17.B16            \
	VTBL  V2.B16, [V29.B16], V2.B16             \
	VTBL  V3.B16, [V29.B16], V3.B16             \
	VAND  V2.B16, V16.B16, V16.B16              \
	VAND  V3.B16, V17.B16, V17.B16              \
	CLASS(digitBits, V22)                       \
	CLASS(gapBits, V23)                         \
	CLASS(wordBits, V24)                        \
	CLASS(escapeBits, V25)                      \
	VADDP V23.B16, V22.B16, V22.B16             \
	VADDP V25.B16, V24.B16, V24.B16             \
	VADDP V24.B16, V22.B16, V22.B16             \
	VMOV  V22.S[0], R12                         \
	VMOV  V22.S[1], R13                         \
	VMOV  V22.S[2], R14                         \
	VMOV  V22.S[3], R15                         \
	MOVW  R12, masks_digits+to(R2)              \
	MOVW  R13, masks_gaps+to(R2)                \
	MOVW  R14, masks_words+to(R2)               \
	MOVW  R15, masks_escapes+to(R2)

// BIT shifts into R9 whether the bitmap has the gram that begins shift bits above
// the lowest of R7: see bitmap.bit. The factor has the shift of the gram in it, so
// that what stands above the gram falls out of the product.
#define BIT(shift) \
	LSR  $shift, R7, R8                 \
	MULW R6, R8, R8                     \
	LSR  $(38-const_bitmapLog), R8, R10 \
	MOVD (R5)(R10<<3), R10              \
	LSR  $(32-const_bitmapLog), R8, R8  \
	LSR  R8, R10, R10                   \
	AND  $1, R10, R10                   \
	ORR  R9<<1, R10, R9

// SIX adds to R11 the bits of the six positions from at on.
#define SIX(at) \
	MOVD at(R1), R7 \
	ORR  R4, R7, R7 \
	MOVD ZR, R9     \
	BIT(40)         \
	BIT(32)         \
	BIT(24)         \
	BIT(16)         \
	BIT(8)          \
	BIT(0)          \
	ORR  R9<<at, R11, R11

// func fillNEON(t *buckets, text *byte, out *masks, from, n int)
TEXT ·fillNEON(SB), NOSPLIT, $0-40
	MOVD  t+0(FP), R0
	MOVD  text+8(FP), R1
	MOVD  out+16(FP), R2
	MOVD  from+24(FP), R3
	ADD   R3<<3, R2, R2
	MOVD  n+32(FP), R3
	MOVD  $prefilter_marked, R5
	ADD   R0, R5, R5
	MOVD  $((const_hashFactor<<8)&0xffffffff), R6
	MOVD  $0x2020202020202020, R4
	VMOVI $0x0f, V26.B16
	MOVD  $·classLower(SB), R7
	FMOVQ (R7), F28
	MOVD  $·classUpper(SB), R7
	FMOVQ (R7), F29
	MOVD  $0x8040201008040201, R7
	VDUP  R7, V30.D2
	CMP   $0, R3
	BLE   done

loop:
	CLASSES(0, 0)
	CLASSES(32, 4)
	MOVD ZR, R11
	SIX(0)
	SIX(6)
	SIX(12)
	SIX(18)
	SIX(24)
	SIX(30)
	SIX(36)
	SIX(42)
	SIX(48)
	SIX(54)
	SIX(58) // its first two positions are those before
	MOVD R11, masks_grams(R2)
	ADD  $64, R1
	ADD  $8, R2
	SUBS $1, R3
	BNE  loop

done:
	RET
