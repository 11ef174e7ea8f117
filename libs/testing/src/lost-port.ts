/** A port that was free can be taken before the server binds it: try another one, three times at most. */
export const retryOnLostPort = async <T>(attempt: () => Promise<T>): Promise<T> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      const portTaken = error instanceof Error && /address already in use|could not bind/i.test(error.message);
      if (!portTaken || tries === 3) throw error;
    }
  }
};
