/** The numbers in the 14 bytes of a transfer. */
export interface TransferElement {
  from: number;
  /** 0: withdrawal. */
  to: number;
  amount40: number;
  fee8: number;
}
