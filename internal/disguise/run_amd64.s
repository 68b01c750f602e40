#include "textflag.h"

// What a byte of a run is, by its lower half and by its upper half: + - / are 1,
// digits 2, @ to O and ` to o but for the first 4, P to Z and _ 8, p to z 16.
DATA lower<>+0(SB)/8, $0x1e1e1e1e1e1e1e1a
DATA lower<>+8(SB)/8, $0x0d040504051c1e1e
GLOBL lower<>(SB), RODATA|NOPTR, $16
DATA upper<>+0(SB)/8, $0x1004080402010000
DATA upper<>+8(SB)/8, $0x0000000000000000
GLOBL upper<>(SB), RODATA|NOPTR, $16
DATA half<>+0(SB)/8, $0x0f0f0f0f0f0f0f0f
DATA half<>+8(SB)/8, $0x0f0f0f0f0f0f0f0f
GLOBL half<>(SB), RODATA|NOPTR, $16

// func runMask(dst *uint64, text *byte, words int)
TEXT ·runMask(SB), NOSPLIT, $0-24
	MOVQ dst+0(FP), DI
	MOVQ text+8(FP), SI
	MOVQ words+16(FP), CX
	VBROADCASTI128 lower<>(SB), Y0
	VBROADCASTI128 upper<>(SB), Y1
	VBROADCASTI128 half<>(SB), Y2
	VPXOR Y3, Y3, Y3

loop:
	TESTQ CX, CX
	JEQ   done
	VMOVDQU (SI), Y4
	VMOVDQU 32(SI), Y5
	VPSHUFB Y4, Y0, Y6
	VPSHUFB Y5, Y0, Y7
	VPSRLW  $4, Y4, Y4
	VPSRLW  $4, Y5, Y5
	VPAND   Y2, Y4, Y4
	VPAND   Y2, Y5, Y5
	VPSHUFB Y4, Y1, Y4
	VPSHUFB Y5, Y1, Y5
	VPAND   Y6, Y4, Y4
	VPAND   Y7, Y5, Y5
	VPCMPEQB Y3, Y4, Y4
	VPCMPEQB Y3, Y5, Y5
	VPMOVMSKB Y4, AX
	VPMOVMSKB Y5, BX
	SHLQ $32, BX
	ORQ  BX, AX
	NOTQ AX
	MOVQ AX, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JMP  loop

done:
	VZEROUPPER
	RET
