// Names that the audit log gives to those who act without a token of their own: no token may pass for one of them.

const RESERVED: readonly string[] = ["admin", "control-plane", "cluster", "nobody"];

export const isReserved = (name: string): boolean => {
  const plain = name.trim().toLowerCase();
  return RESERVED.includes(plain) || plain.startsWith("edge/");
};
