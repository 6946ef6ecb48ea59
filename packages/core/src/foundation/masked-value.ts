/** Stands for a value that is not told. */
export const maskedValue = "***";
