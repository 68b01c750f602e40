#include "go_asm.h"
#include "textflag.h"

// Both routines do the same for 64 positions: the bytes of each place of a window
// are loaded at once, folded to letters (letterOf), looked up in the tables of
// each group of buckets, and the results of the places are joined by AND, those of
// the groups by OR. What is not zero survives. Bytes beyond ASCII would fall onto
// letters, so a gram that begins with one is dropped.

// Bits of the classes in the tables classLower and classUpper of kernel_vector.go.
#define digitBits $0x01010101
#define gapBits   $0x30303030
#define wordBits  $0x1f1f1f1f
#define escapeBits $0x40404040

#define place(group, k) (buckets_letters+((group)*5+(k))*64)(AX)

// GROUP looks the letters in Z0 to Z4 up in the tables of a group, Z5 takes the
// result.
#define GROUP(group) \
	VPERMB place(group, 0), Z0, Z7     \
	VPERMB place(group, 1), Z1, Z8     \
	VPERMB place(group, 2), Z2, Z9     \
	VPERMB place(group, 3), Z3, Z10    \
	VPERMB place(group, 4), Z4, Z11    \
	VPTERNLOGD $0x80, Z8, Z9, Z7       \
	VPTERNLOGD $0x80, Z10, Z11, Z7     \
	VPORD Z7, Z5, Z5

// LETTERS folds bytes: minus 0x20, and minus 0x20 again from 0x60 on. The lookup
// itself drops the upper two bits.
#define LETTERS(Z) \
	VPCMPUB $5, Z28, Z, K1 \
	VPSUBB Z29, Z, Z       \
	VPSUBB Z29, Z, K1, Z

// func fillVBMI(t *buckets, text *byte, out *masks, from, n int)
TEXT ·fillVBMI(SB), NOSPLIT, $0-40
	MOVQ t+0(FP), AX
	MOVQ text+8(FP), SI
	MOVQ out+16(FP), DI
	MOVQ from+24(FP), BX
	LEAQ (DI)(BX*8), DI
	MOVQ n+32(FP), CX
	MOVL $0x60606060, BX
	VPBROADCASTD BX, Z28
	MOVL $0x20202020, BX
	VPBROADCASTD BX, Z29
	MOVL $0x0f0f0f0f, BX
	VPBROADCASTD BX, Z30
	MOVL digitBits, BX
	VPBROADCASTD BX, Z25
	MOVL gapBits, BX
	VPBROADCASTD BX, Z26
	MOVL wordBits, BX
	VPBROADCASTD BX, Z27
	MOVL escapeBits, BX
	VPBROADCASTD BX, Z22
	VBROADCASTI32X4 ·classLower(SB), Z23
	VBROADCASTI32X4 ·classUpper(SB), Z24
	TESTQ CX, CX
	JLE   done

loop:
	VMOVDQU8 -1(SI), Z0
	VMOVDQU8 0(SI), Z1
	VMOVDQU8 1(SI), Z2
	VMOVDQU8 2(SI), Z3
	VMOVDQU8 3(SI), Z4

	// Classes.
	VPANDD    Z30, Z1, Z7
	VPSRLW    $4, Z1, Z8
	VPANDD    Z30, Z8, Z8
	VPSHUFB   Z7, Z23, Z7
	VPSHUFB   Z8, Z24, Z8
	VPANDD    Z7, Z8, Z7
	VPTESTMB  Z25, Z7, K2
	VPTESTMB  Z26, Z7, K3
	VPTESTMB  Z27, Z7, K4
	VPTESTMB  Z22, Z7, K5
	KMOVQ     K5, masks_escapes(DI)
	KMOVQ     K2, masks_digits(DI)
	KMOVQ     K3, masks_gaps(DI)
	KMOVQ     K4, masks_words(DI)

	// Grams.
	VPMOVB2M Z1, K5
	LETTERS(Z0)
	LETTERS(Z1)
	LETTERS(Z2)
	LETTERS(Z3)
	LETTERS(Z4)
	VPXORD Z5, Z5, Z5
	GROUP(0)
	GROUP(1)
	GROUP(2)
	GROUP(3)
	GROUP(4)
	GROUP(5)
	GROUP(6)
	GROUP(7)
	VPTESTMB Z5, Z5, K2
	KANDNQ   K2, K5, K2
	KMOVQ    K2, masks_grams(DI)

	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ  loop

done:
	VZEROUPPER
	RET

#define lower(group, k) (buckets_lowers+((group)*5+(k))*16)(AX)
#define upper(group, k) (buckets_uppers+((group)*3+(k))*16)(AX)

// LOOKUP joins what table says of the halves in Y to Y9.
#define LOOKUP(table, Y) \
	VBROADCASTI128 table, Y10 \
	VPSHUFB Y, Y10, Y10       \
	VPAND   Y10, Y9, Y9

// HALVES is GROUP for the lower halves of letters in Y0 to Y4 and the upper halves
// in Y5 to Y7. Y8 takes the result.
#define HALVES(group) \
	VBROADCASTI128 lower(group, 0), Y9 \
	VPSHUFB Y0, Y9, Y9                 \
	LOOKUP(lower(group, 1), Y1)        \
	LOOKUP(lower(group, 2), Y2)        \
	LOOKUP(lower(group, 3), Y3)        \
	LOOKUP(lower(group, 4), Y4)        \
	LOOKUP(upper(group, 0), Y5)        \
	LOOKUP(upper(group, 1), Y6)        \
	LOOKUP(upper(group, 2), Y7)        \
	VPOR Y9, Y8, Y8

// FOLD makes letters of the bytes in Y: see LETTERS.
#define FOLD(Y) \
	VPMAXUB  Y, Y11, Y9  \
	VPCMPEQB Y, Y9, Y9   \
	VPAND    Y12, Y9, Y9 \
	VPSUBB   Y9, Y, Y    \
	VPSUBB   Y12, Y, Y

// SPLIT keeps the lower halves of letters, and puts the two bits above them where
// the left or right of a pair has them.
#define LEFT(Y, U) \
	VPSRLW $4, Y, U    \
	VPAND  Y14, U, U   \
	VPAND  Y13, Y, Y
#define RIGHT(Y, U) \
	VPSRLW $2, Y, Y9   \
	VPAND  Y15, Y9, Y9 \
	VPOR   Y9, U, U    \
	VPAND  Y13, Y, Y

// CLASS writes for which bytes of Y9 some of the bits are set.
#define CLASS(bits, to) \
	MOVL         bits, R8      \
	VMOVD        R8, X10       \
	VPBROADCASTD X10, Y10      \
	VPAND        Y10, Y9, Y10  \
	VPCMPEQB     Y8, Y10, Y10  \
	VPMOVMSKB    Y10, R8       \
	NOTL         R8            \
	MOVL         R8, to

// func fillAVX2(t *buckets, text *byte, out *masks, from, n int)
TEXT ·fillAVX2(SB), NOSPLIT, $0-40
	MOVQ t+0(FP), AX
	MOVQ text+8(FP), SI
	MOVQ out+16(FP), DI
	MOVQ from+24(FP), BX
	LEAQ (DI)(BX*8), DI
	MOVQ n+32(FP), CX
	MOVL $0x60606060, BX
	VMOVD BX, X11
	VPBROADCASTD X11, Y11
	MOVL $0x20202020, BX
	VMOVD BX, X12
	VPBROADCASTD X12, Y12
	MOVL $0x0f0f0f0f, BX
	VMOVD BX, X13
	VPBROADCASTD X13, Y13
	MOVL $0x03030303, BX
	VMOVD BX, X14
	VPBROADCASTD X14, Y14
	MOVL $0x0c0c0c0c, BX
	VMOVD BX, X15
	VPBROADCASTD X15, Y15
	SHLQ  $1, CX    // 32 positions each time
	JLE   done

loop:
	// Classes.
	VMOVDQU        0(SI), Y1
	VPXOR          Y8, Y8, Y8
	VPAND          Y13, Y1, Y9
	VBROADCASTI128 ·classLower(SB), Y10
	VPSHUFB        Y9, Y10, Y9
	VPSRLW         $4, Y1, Y7
	VPAND          Y13, Y7, Y7
	VBROADCASTI128 ·classUpper(SB), Y10
	VPSHUFB        Y7, Y10, Y7
	VPAND          Y7, Y9, Y9
	CLASS(digitBits, masks_digits(DI))
	CLASS(gapBits, masks_gaps(DI))
	CLASS(wordBits, masks_words(DI))
	CLASS(escapeBits, masks_escapes(DI))

	// Grams.
	VPMOVMSKB Y1, BX
	VMOVDQU   -1(SI), Y0
	VMOVDQU   1(SI), Y2
	VMOVDQU   2(SI), Y3
	VMOVDQU   3(SI), Y4
	FOLD(Y0)
	FOLD(Y1)
	FOLD(Y2)
	FOLD(Y3)
	FOLD(Y4)
	LEFT(Y0, Y5)
	RIGHT(Y1, Y5)
	LEFT(Y2, Y6)
	RIGHT(Y3, Y6)
	LEFT(Y4, Y7)
	HALVES(0)
	HALVES(1)
	HALVES(2)
	HALVES(3)
	HALVES(4)
	HALVES(5)
	HALVES(6)
	HALVES(7)
	VPXOR     Y9, Y9, Y9
	VPCMPEQB  Y9, Y8, Y8
	VPMOVMSKB Y8, R8
	ORL       BX, R8
	NOTL      R8
	MOVL      R8, masks_grams(DI)

	ADDQ $32, SI
	ADDQ $4, DI
	DECQ CX
	JNZ  loop

done:
	VZEROUPPER
	RET
