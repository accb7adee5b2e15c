/* A mixed program for measuring interpreters: lists, matrices, a state machine over text, CRC,
 * 64-bit arithmetic, sorting, and calls. Runs for ever; `rounds` and `checksum` say how far and
 * whether rightly. Built to `mixed.bin`, from address 0, by:
 *   arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -mfloat-abi=soft -Os -ffreestanding -nostdlib \
 *     -Wl,--section-start=.vectors=0,-Ttext=0x40,-Tbss=0x20000000,--build-id=none,-e,start \
 *     mixed.c -o mixed.elf
 *   arm-none-eabi-objcopy -O binary -j .vectors -j .text mixed.elf mixed.bin
 */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

struct node {
    struct node *next;
    u16 value, index;
};

/* In this order at the beginning of RAM. */
struct {
    volatile u32 rounds, checksum;
    struct node nodes[64];
    short a[12][12], b[12][12];
    int c[12][12];
    u32 sorted[64];
} ram;

__attribute__((section(".text"))) static const char text[] = "1200,-45.5,0x7F,abc,99,+3,1e5,-,7.25,,12.,-0x";

void start(void);
__attribute__((section(".vectors"), used)) static void *const vectors[] = {(void *)0x20010000, start};

static u32 __attribute__((noinline)) crc(u32 crc, u32 value)
{
    for (int byte = 0; byte < 4; byte++) {
        crc ^= value & 0xFF;
        value >>= 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
    }
    return crc;
}

static u32 __attribute__((noinline)) random(u64 *state)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (u32)(*state >> 33);
}

static u32 __attribute__((noinline)) lists(u64 *state)
{
    struct node *head = 0;
    for (int i = 0; i < 64; i++) {
        struct node *node = &ram.nodes[i], **at = &head;
        node->value = (u16)random(state);
        node->index = (u16)i;
        while (*at && (*at)->value < node->value)
            at = &(*at)->next;
        node->next = *at;
        *at = node;
    }
    u32 sum = 0;
    for (struct node *node = head; node; node = node->next)
        sum = sum * 31 + node->index;
    return sum;
}

static u32 __attribute__((noinline)) matrices(u64 *state)
{
    for (int i = 0; i < 12; i++)
        for (int j = 0; j < 12; j++) {
            ram.a[i][j] = (short)random(state);
            ram.b[i][j] = (short)(i - j);
        }
    u32 sum = 0;
    for (int i = 0; i < 12; i++)
        for (int j = 0; j < 12; j++) {
            int c = 0;
            for (int k = 0; k < 12; k++)
                c += ram.a[i][k] * ram.b[k][j];
            ram.c[i][j] = c;
            sum += (u32)c;
        }
    return sum;
}

static u32 __attribute__((noinline)) states(void)
{
    enum { START, SIGN, INTEGER, FRACTION, HEX, EXPONENT, INVALID } state = START;
    u32 counts[7];
    for (int i = 0; i < 7; i++)
        *(volatile u32 *)&counts[i] = 0;
    for (const char *c = text; *c; c++) {
        u8 digit = (u8)(*c - '0');
        switch (state) {
        case START: state = digit < 10 ? INTEGER : *c == '-' || *c == '+' ? SIGN : INVALID; break;
        case SIGN: state = digit < 10 ? INTEGER : INVALID; break;
        case INTEGER: state = digit < 10 ? INTEGER : *c == '.' ? FRACTION : *c == 'x' ? HEX : *c == 'e' ? EXPONENT : INVALID; break;
        case FRACTION: state = digit < 10 ? FRACTION : *c == 'e' ? EXPONENT : INVALID; break;
        case HEX: state = digit < 10 || (u8)((*c & ~32) - 'A') < 6 ? HEX : INVALID; break;
        case EXPONENT: state = digit < 10 ? EXPONENT : INVALID; break;
        default: break;
        }
        counts[state]++;
        if (*c == ',')
            state = START;
    }
    u32 sum = 0;
    for (int i = 0; i < 7; i++)
        sum = sum << 4 ^ counts[i];
    return sum;
}

static u32 __attribute__((noinline)) sorting(u64 *state)
{
    for (int i = 0; i < 64; i++)
        ram.sorted[i] = random(state);
    for (int gap = 32; gap; gap /= 2)
        for (int i = gap; i < 64; i++) {
            u32 value = ram.sorted[i];
            int j = i;
            for (; j >= gap && ram.sorted[j - gap] > value; j -= gap)
                ram.sorted[j] = ram.sorted[j - gap];
            ram.sorted[j] = value;
        }
    return ram.sorted[7] / (ram.sorted[3] % 1000 + 1);
}

void start(void)
{
    u64 state = 42;
    u32 sum = 0;
    ram.rounds = 0;
    for (;;) {
        sum = crc(sum, lists(&state));
        sum = crc(sum, matrices(&state));
        sum = crc(sum, states());
        sum = crc(sum, sorting(&state));
        ram.checksum = sum;
        ram.rounds++;
    }
}
