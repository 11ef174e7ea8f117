const TRUE_WORDS: readonly string[] = ['true', '1', 'yes', 'on'];

/** LXD's idea of true, in all its spellings; everything else, unset included, is false. */
export const isTrue = (text: string | undefined): boolean => TRUE_WORDS.includes((text ?? '').toLowerCase());
