/** Who tells a story while it happens. */
export interface Narrator {
  heading(text: string): void;
  line(text: string): void;
  progress<T>(text: string, work: () => Promise<T>): Promise<T>;
}
